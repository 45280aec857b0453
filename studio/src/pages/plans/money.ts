import { locale } from '../../i18n/index.ts';

/** `price` in whole units of the currency: 9.99. */
export function money(price: number, currency: string): string {
  const format = new Intl.NumberFormat(locale.value, { style: 'currency', currency, trailingZeroDisplay: 'stripIfInteger' });
  return format.format(price);
}

/** `amount` in the smallest unit of the currency, as Stripe counts: 999. */
export function moneyOfCents(amount: number, currency: string): string {
  const { maximumFractionDigits: digits = 2 } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
  return money(amount / 10 ** digits, currency);
}
