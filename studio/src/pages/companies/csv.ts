// A dashboard as a table: a row for each step, then the whole period, the one before, and what is
// there at present. Columns have the names of the API.
import type { Schemas } from '../../api/client.ts';

type Dashboard = Pick<Schemas['DashboardData'], 'series' | 'totals' | 'previous' | 'now'>;

const cell = (value: string | number | null | undefined): string => {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export function csvOf({ series, totals, previous, now }: Dashboard): string {
  const rows: [string, Record<string, number | null>][] = [...series.map(({ date, values }): [string, Record<string, number | null>] => [date, values]), ['total', totals], ['before', previous]];
  if (Object.keys(now).length) rows.push(['now', now]);
  const names = [...new Set(rows.flatMap(([, values]) => Object.keys(values)))];
  return [['date', ...names], ...rows.map(([date, values]) => [date, ...names.map((name) => values[name])])].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
