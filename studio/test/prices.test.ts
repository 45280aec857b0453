import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dubbingOf, priceOf, transcriptionOf } from '../src/state/prices.ts';

const prices = {
  charactersPerToken: 1000,
  tokensPerVideo: 3,
  videoIncludedCharacters: 1000,
  transcribedSecondsPerToken: 60,
  dubbedCharactersPerSecond: 25,
  tokensOfNewAccount: 20,
  tokensOfGuest: 2,
};

test('every started minute costs a token', () => {
  assert.deepEqual([0.4, 60, 60.2].map((seconds) => transcriptionOf(seconds, prices).tokens), [1, 1, 2]);
});

test('ten minutes of dubbing hold what the documentation says', () => {
  assert.deepEqual(dubbingOf(600, prices), { tokens: 25, voiceSeconds: 1200 });
  assert.equal(dubbingOf(1, prices).tokens, 2);
});

test('voice seconds pay if there are enough, else tokens', () => {
  const cost = { tokens: 2, voiceSeconds: 90 };
  assert.equal(priceOf(cost, 0, 1.5).meter, 'voiceSeconds');
  assert.deepEqual(priceOf(cost, 2, 1.49), { meter: 'tokens', tokens: 2, voiceSecondsAtMost: 90, available: 2, sufficient: true });
  assert.equal(priceOf(cost, 1, 0).sufficient, false);
});
