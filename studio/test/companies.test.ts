import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvOf } from '../src/pages/companies/csv.ts';
import { dayOf, daysBetween, startOf } from '../src/pages/companies/days.ts';

test('a day is that of the time zone', () => {
  const now = new Date('2026-03-01T23:30:00Z');
  assert.equal(dayOf('UTC', 0, now), '2026-03-01');
  assert.equal(dayOf('Europe/Oslo', 0, now), '2026-03-02');
  assert.equal(dayOf('America/New_York', 1, now), '2026-02-28');
  assert.equal(dayOf('UTC', 29, now), '2026-01-31');
});

test('both ends of a period count, and what is no day is no number', () => {
  assert.equal(daysBetween('2026-02-27', '2026-03-01'), 3);
  assert.equal(daysBetween('2026-03-01', '2026-02-27'), -1);
  assert.ok(Number.isNaN(daysBetween('', '2026-03-01')));
});

test('a day begins when the clocks of the zone say so, also when they are changed on it', () => {
  assert.equal(startOf('2026-11-28', 'Europe/Oslo'), '2026-11-27T23:00:00.000Z');
  assert.equal(startOf('2026-11-28', 'America/New_York', 1), '2026-11-29T05:00:00.000Z');
  assert.equal(startOf('2026-03-29', 'Europe/Oslo'), '2026-03-28T23:00:00.000Z');
  assert.equal(startOf('2026-03-29', 'Europe/Oslo', 1), '2026-03-29T22:00:00.000Z');
  assert.equal(startOf('2026-11-28', 'Asia/Kathmandu'), '2026-11-27T18:15:00.000Z');
});

test('a dashboard as a table has a row for each step, and the columns of all rows', () => {
  const table = csvOf({
    series: [{ date: '2026-11-27', values: { calls: 1, rating: null } }, { date: '2026-11-28', values: { calls: 2, rating: 4.5 } }],
    totals: { calls: 3, successRate: 0.75 },
    previous: { calls: 0, successRate: null },
    now: { members: 2 },
  });
  assert.deepEqual(table.split('\r\n'), [
    'date,calls,rating,successRate,members',
    '2026-11-27,1,,,',
    '2026-11-28,2,4.5,,',
    'total,3,,0.75,',
    'before,0,,,',
    'now,,,,2',
    '',
  ]);
});
