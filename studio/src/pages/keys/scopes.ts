// What a key may do, in the words of the studio.
import { text } from './messages.ts';

const NAMES = {
  speech: 'speech',
  transcribe: 'transcribe',
  'characters:read': 'charactersRead',
  'characters:write': 'charactersWrite',
  scripts: 'scripts',
  files: 'files',
  'jobs:read': 'jobsRead',
  'usage:read': 'usageRead',
} as const;

/** Those that open something. */
export const SCOPES = Object.keys(NAMES);

/** One that this studio does not know is called what the API calls it. */
export const scopeName = (scope: string): string => (scope in NAMES ? text()[NAMES[scope as keyof typeof NAMES]] : scope);
