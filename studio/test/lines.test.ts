import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterSaving, insert, join, move, newLine, nextSpeaker, read, split, stateOf, type Line } from '../src/pages/scripts/lines.ts';

const saved = (speaker: string, text: string, audioFile = '/sound') => ({
  speaker, speakerName: speaker, text, directions: '', speed: null, pause: null, take: 0, seconds: 1, start: null, audioFile,
});
const scene = () => read([saved('a', 'Did you see it?'), saved('b', 'I did. At dawn.')]);
const texts = (lines: Line[]) => lines.map((line) => `${line.speaker}: ${line.text}`);

test('a line is cut where the caret is, and stays the same character’s', () => {
  const lines = scene();
  const cut = split(lines, lines[1]!.key, 7, ['a', 'b']);
  assert.deepEqual(texts(cut.lines), ['a: Did you see it?', 'b: I did.', 'b: At dawn.']);
  assert.equal(cut.lines[1]!.key, lines[1]!.key);
  assert.equal(cut.next, cut.lines[2]);
});

test('at the end of a line, the next one is empty and of whoever spoke before', () => {
  const lines = scene();
  const { next } = split(lines, lines[1]!.key, 15, ['a', 'b', 'c']);
  assert.deepEqual([next.speaker, next.text], ['a', '']);
  assert.equal(nextSpeaker(lines.slice(0, 1), 0, ['a', 'c']), 'c');
  assert.equal(nextSpeaker([], -1, ['a']), 'a');
});

test('lines are joined if one character speaks both', () => {
  const lines = scene();
  assert.equal(join(lines, lines[1]!.key), null);
  assert.equal(join(lines, lines[0]!.key), null);
  const cut = split(lines, lines[1]!.key, 6, ['a', 'b']);
  const joined = join(cut.lines, cut.next.key)!;
  assert.deepEqual(texts(joined.lines), texts(lines));
  assert.equal(joined.offset, 6);
});

test('lines move within the dialogue', () => {
  const lines = scene();
  assert.deepEqual(texts(move(lines, lines[1]!.key, -1)), ['b: I did. At dawn.', 'a: Did you see it?']);
  assert.deepEqual(move(lines, lines[1]!.key, 1), lines);
});

test('a changed line is stale until it is spoken again', () => {
  const [line] = scene();
  assert.equal(stateOf(line!), 'spoken');
  const changed = { ...line!, text: 'Have you seen it?' };
  assert.equal(stateOf(changed), 'stale');
  const [after] = afterSaving([changed], [changed], [saved('a', 'Have you seen it?', '')]);
  assert.equal(stateOf(after!), 'stale');
  const [spoken] = read([saved('a', 'Have you seen it?')], [after!]);
  assert.deepEqual([stateOf(spoken!), spoken!.key], ['spoken', line!.key]);
  assert.equal(stateOf(newLine('a', 'New.')), 'unspoken');
});

test('what is typed while the answer is on its way stays', () => {
  const lines = scene();
  const sent = lines.filter((line) => line.text);
  const typed = insert([{ ...lines[0]!, text: 'Did you see it at all?' }, lines[1]!], 1, newLine('b', 'Wait.'));
  const after = afterSaving(typed, sent, [saved('a', 'Did you see it?'), saved('b', 'I did. At dawn.')]);
  assert.deepEqual(texts(after), ['a: Did you see it at all?', 'b: Wait.', 'b: I did. At dawn.']);
  assert.equal(after[1]!.saved, null);
});
