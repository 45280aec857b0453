import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loudness } from '../src/pages/characters/recorder.ts';

test('the advice about the level is that of the last second and a half', () => {
  assert.equal(loudness([]), 'quiet');
  assert.equal(loudness([0.1, 0.7, 0.2]), 'levelGood');
  assert.equal(loudness([0.7, 1]), 'loud');
  assert.equal(loudness([1, ...Array<number>(25).fill(0.6)]), 'levelGood');
});
