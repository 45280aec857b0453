import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf, fieldMessages } from '../src/api/failure.ts';

const answer = (body: unknown, status: number, headers: Record<string, string> = {}) =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });

test('the envelope gives code, sentence, details, request and wait', async () => {
  const body = { success: false, message: 'Slow down.', statusCode: 429, error: { code: 'too_many_requests', details: { maximum: 3 } } };
  const failure = await failureOf(answer(body, 429, { 'Retry-After': '7', 'X-Request-Id': 'r1' }));
  const { code, message, status, retryAfter, requestId, details } = failure;
  assert.deepEqual([code, message, status, retryAfter, requestId, details.maximum], ['too_many_requests', 'Slow down.', 429, 7, 'r1', 3]);
});

test('HTML, an empty body and foreign JSON are one kind of failure', async () => {
  for (const body of ['<h1>504</h1>', '', { oops: true }, 'null']) {
    assert.equal((await failureOf(answer(body, 504))).code, 'unexpected_answer');
  }
  assert.equal((await failureOf(answer('<h1>Too large</h1>', 413))).code, 'payload_too_large');
});

test('a date in Retry-After is no number of seconds', async () => {
  const failure = await failureOf(answer('', 503, { 'Retry-After': 'Fri, 31 Dec 2027 23:59:59 GMT' }));
  assert.equal(failure.retryAfter, null);
});

test('messages go beside their fields', async () => {
  const details = { fields: [{ field: 'speed', message: 'must be at most 2', type: 'x' }] };
  const failure = await failureOf(answer({ message: 'x', error: { code: 'invalid_input', details } }, 422));
  assert.deepEqual(fieldMessages(failure), { speed: 'must be at most 2' });
  assert.deepEqual(fieldMessages(new Error('x')), {});
});
