// Amounts as people type them, in whole units, and as payments have them, in the smallest.
const digitsOf = (currency: string): number => new Intl.NumberFormat('en', { style: 'currency', currency: currency || 'USD' }).resolvedOptions().maximumFractionDigits ?? 2;

export function inUnits(amount: number, currency: string): string {
  const digits = digitsOf(currency);
  return (amount / 10 ** digits).toFixed(digits);
}

/** NaN for what is no amount of this currency: 1.999 euros. */
export function smallest(typed: string, currency: string): number {
  const digits = digitsOf(currency);
  const [, whole = '', part = ''] = /^\s*(\d{1,12})(?:[.,](\d+))?\s*$/.exec(typed) ?? [];
  if (!whole || part.length > digits) return NaN;
  return Number(whole) * 10 ** digits + Number(part.padEnd(digits, '0') || 0);
}

/** What a field for a whole number has; an empty one is none. */
export const whole = (typed: string): number => (/^\s*\d*\s*$/.test(typed) ? Number(typed) : NaN);
