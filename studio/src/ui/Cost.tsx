// What a click costs, before it is made.
import { messages, number, plural } from '../i18n/index.ts';
import type { Schemas } from '../api/client.ts';
import { me } from '../session/session.ts';

const text = messages(
  {
    tokens: (count: number) => plural(count, { one: '# token', other: '# tokens' }, 'en'),
    most: (tokens: string) => `Up to ${tokens}`,
    seconds: (count: number) => plural(count, { one: 'up to # second of your plan', other: 'up to # seconds of your plan' }, 'en'),
    left: (count: number) => `${number(count)} left`,
    free: 'Free',
    short: (needed: number, available: number) => `Needs ${number(needed)}, and ${number(available)} are left.`,
    guest: 'An account is free, and comes with more tokens.',
    signUp: 'Make an account',
    plans: 'See the plans',
  },
  {
    tokens: (count) => plural(count, { zero: 'لا رصيد', one: 'وحدة واحدة', two: 'وحدتان', few: '# وحدات', many: '# وحدة', other: '# وحدة' }, 'ar'),
    most: (tokens) => `حتى ${tokens}`,
    seconds: (count) => `حتى ${plural(count, { one: 'ثانية واحدة', two: 'ثانيتين', few: '# ثوانٍ', other: '# ثانية' }, 'ar')} من خطتك`,
    left: (count) => `المتبقي ${number(count)}`,
    free: 'مجانًا',
    short: (needed, available) => `المطلوب ${number(needed)}، والمتبقي ${number(available)}.`,
    guest: 'الحساب مجاني ويمنحك رصيدًا إضافيًا.',
    signUp: 'أنشئ حسابًا',
    plans: 'اطّلع على الخطط',
  },
);

/** `isMost`: only what is used of it is charged. */
export function Cost({ price, isMost }: { price: Omit<Schemas['PriceData'], 'payer'>; isMost?: boolean }) {
  const t = text();
  const tokens = isMost ? t.most(t.tokens(price.tokens)) : t.tokens(price.tokens);
  const cost = price.meter === 'voiceSeconds' ? t.seconds(price.voiceSecondsAtMost ?? 0) : price.tokens ? tokens : t.free;
  return (
    <p class="cost">
      <strong>{cost}</strong> <span>{t.left(price.available)}</span>
    </p>
  );
}

/** Instead of the price if there is not enough: how much is missing, and the ways to get it. */
export function Shortage({ needed, available }: { needed: number; available: number }) {
  const t = text();
  const isGuest = me.value?.isGuest;
  return (
    <div class="shortage" role="status">
      <p><strong>{t.short(needed, available)}</strong> {isGuest && t.guest}</p>
      <a class="button button-plain button-small" href={isGuest ? '/sign-up' : '/plans'}>{isGuest ? t.signUp : t.plans}</a>
    </div>
  );
}
