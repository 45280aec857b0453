import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { match } from '../src/match.ts';
import { routes } from '../src/routes.ts';

test('patterns match whole addresses, with parameters decoded', () => {
  assert.deepEqual(match('/history/:id', '/history/a%20b'), { id: 'a b' });
  assert.deepEqual(match('/history', '/history/'), {});
  assert.deepEqual(match('/', '/'), {});
  for (const other of ['/history', '/history/', '/history/a/b', '/histories/a']) assert.equal(match('/history/:id', other), null);
});

test('a broken escape is an unknown address, not an error', () => {
  assert.equal(match('/history/:id', '/history/%E0%A4%A'), null);
});

test('Hosting serves the studio at every route', async () => {
  const globs: string[] = JSON.parse(await readFile(new URL('../paths.json', import.meta.url), 'utf8'));
  const isServed = (path: string) => globs.some((glob) => (glob.endsWith('/**') ? `${path}/`.startsWith(glob.slice(0, -2)) : path === glob));
  const missing = routes.map((route) => route.path).filter((path) => path !== '/' && !isServed(path));
  assert.deepEqual(missing, []);
});
