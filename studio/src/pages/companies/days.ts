// Days of a time zone, as "2026-11-28".

/** The day in `zone` that is `before` days before today. */
export function dayOf(zone: string, before = 0, now = new Date()): string {
  // The locale of Sweden writes dates so.
  const today = new Intl.DateTimeFormat('sv', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now);
  const day = new Date(`${today}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - before);
  return day.toISOString().slice(0, 10);
}

/** How many days there are from the first to the last, both included; NaN for what is no day. */
export const daysBetween = (first: string, last: string): number => (Date.parse(last) - Date.parse(first)) / 86_400_000 + 1;

export const zones = (): string[] => ['UTC', ...Intl.supportedValuesOf('timeZone').filter((each) => each !== 'UTC')];

/** Whether this browser knows the zone. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** When the day begins in the zone; `later` days after it. The API wants a time. */
export function startOf(day: string, zone: string, later = 0): string {
  const start = Date.parse(`${day}T00:00:00Z`) + later * 86_400_000;
  // Twice, for the clocks may change between the guess and the answer.
  const first = start - offset(start, zone);
  return new Date(start - offset(first, zone)).toISOString();
}

/** By how many milliseconds the clocks of the zone are ahead of UTC at a time. */
function offset(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at));
  return Date.parse(`${parts.replace(' ', 'T')}Z`) - Math.floor(at / 1000) * 1000;
}
