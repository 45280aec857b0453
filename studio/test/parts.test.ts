import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parts } from '../src/pages/files/parts.ts';

test('a long text is divided after sentences, and nothing of it is lost', () => {
  const text = 'One is here. Two is there! Is three anywhere? Four.';
  const divided = parts(text, 27);
  assert.deepEqual(divided, ['One is here. Two is there!', 'Is three anywhere? Four.']);
  assert.equal(divided.join(' '), text);
});

test('without sentences it is divided between words, and a word without end is cut', () => {
  assert.deepEqual(parts('one two three', 8), ['one two', 'three']);
  assert.deepEqual(parts('abcdefgh', 3), ['abc', 'def', 'gh']);
  assert.deepEqual(parts('  ', 3), []);
});
