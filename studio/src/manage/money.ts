import { locale } from '../i18n/index.ts';

/** An amount in the smallest unit of its currency, as payments have them. */
export function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat(locale.value, { style: 'currency', currency: currency || 'USD', currencyDisplay: 'narrowSymbol' });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}
