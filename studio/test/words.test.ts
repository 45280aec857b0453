import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transcript, wordAt, wordAtOffset } from '../src/player/words.ts';

const cue = (start: number, text: string, words: [string, number, number][]) => ({
  start,
  end: start + 1,
  text,
  speaker: null,
  line: null,
  words: words.map(([said, from, to]) => ({ text: said, start: from, end: to })),
});

const cues = [
  cue(0, 'The cat and\nthe cat.', [['The', 0, 0.2], ['cat', 0.2, 0.4], ['and', 0.4, 0.5], ['the', 0.5, 0.6], ['cat.', 0.6, 1]]),
  cue(2, 'It sat.', [['It', 2, 2.2], ['sat.', 2.2, 3]]),
];

test('cues become one text, and repeated words are found in their own places', () => {
  const { text, words, starts } = transcript(cues);
  assert.equal(text, 'The cat and the cat. It sat.');
  assert.deepEqual(words.map(({ from, to }) => text.slice(from, to)), ['The', 'cat', 'and', 'the', 'cat.', 'It', 'sat.']);
  assert.equal(words[4]!.from, 16);
  assert.deepEqual(starts, [0, 2]);
});

test('a word that is said otherwise than written is left out, and the next ones are found', () => {
  const { text, words } = transcript([cue(0, 'Pay 5 now.', [['Pay', 0, 1], ['five', 1, 2], ['now.', 2, 3]])]);
  assert.deepEqual(words.map(({ from, to }) => text.slice(from, to)), ['Pay', 'now.']);
});

test('a cue without words is painted whole', () => {
  assert.deepEqual(transcript([cue(4, 'Hello there.', [])]).words, [{ from: 0, to: 12, start: 4, end: 5 }]);
});

test('the word at a time is the last one that has begun', () => {
  const { words } = transcript(cues);
  assert.equal(wordAt(words, -1), -1);
  assert.equal(wordAt(words, 0), 0);
  assert.equal(wordAt(words, 0.45), 2);
  assert.equal(wordAt(words, 1.5), 4); // in the pause
  assert.equal(wordAt(words, 99), 6);
  assert.equal(wordAt([], 1), -1);
});

test('a place in the text leads to its word, a space to the one before', () => {
  const { words } = transcript(cues);
  assert.equal(wordAtOffset(words, 5), 1);
  assert.equal(wordAtOffset(words, 3), 0);
  assert.equal(wordAtOffset(words, 500), -1);
});
