import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shapeOf } from '../src/player/peaks.ts';

test('a waveform is as loud as its loudest samples, to either side', () => {
  assert.deepEqual(shapeOf({ seconds: 2, high: [0, 10, 50, 0], low: [0, -40, -20, 0] })(2), [0.8, 1]);
  assert.deepEqual(shapeOf({ seconds: 1, high: [8], low: [-4] })(3), [1, 1, 1]);
  assert.deepEqual(shapeOf({ seconds: 1, high: [0, 0], low: [0, 0] })(2), [0, 0]);
});
