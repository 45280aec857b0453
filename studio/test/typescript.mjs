// Lets node's test runner import TypeScript.
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
