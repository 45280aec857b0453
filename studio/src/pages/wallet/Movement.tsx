// An entry of a ledger, in the words of the page.
import type { Schemas } from '../../api/client.ts';
import { date, locale } from '../../i18n/index.ts';
import { text } from './messages.ts';
import './wallet.css';

export type Entry = Schemas['EntryView'];

const signed = (value: number): string => new Intl.NumberFormat(locale.value, { signDisplay: 'exceptZero', maximumFractionDigits: 1 }).format(value);

export function Movement({ entry }: { entry: Entry }) {
  const t = text();
  const isHeld = entry.amount === 0; // only moved between what is available and what is held
  const count = isHeld ? -entry.held : entry.amount;
  const amount = entry.meter === 'tokens' ? t.someTokens(signed(count), Math.abs(count)) : t.someTime(signed(count / 60));
  return (
    <li class="movement" data-held={isHeld || undefined}>
      <div class="row-main">
        <p class="movement-what">{what(entry)}</p>
        <p class="row-about"><time dateTime={entry.createdAt}>{date(entry.createdAt, 'long')}</time></p>
      </div>
      <p class="movement-amount">{amount}</p>
    </li>
  );
}

/** Reasons are the server's words; those that everybody has are put into the language of the page. */
function what({ kind, reason }: Entry): string {
  const t = text();
  if (reason === 'signup') return t.signup;
  const plan = /^plan (.+)/.exec(reason)?.[1];
  if (plan) return `${t[kind]}: ${t.ofPlan(plan)}`;
  const isSaid = reason && (kind === 'consume' || kind === 'adjust' || kind === 'grant' || kind === 'reverse');
  return isSaid ? `${t[kind]}: ${reason}` : t[kind];
}
