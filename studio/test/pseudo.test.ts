import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pseudo } from '../src/i18n/pseudo.ts';

test('every message is longer by 40 %, functions too', () => {
  const made = pseudo({ title: 'Good evening', left: (count: number) => `${count} left` });
  assert.match(made.title as string, /^Góód évéñíñg ~{5}$/);
  assert.match((made.left as (count: number) => string)(12), /^12 léft ~{3}$/);
});
