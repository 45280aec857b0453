import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../api/client.ts';
import { date, number } from '../../i18n/index.ts';
import { me } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { More } from '../../ui/More.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty, Loading, Problem } from '../../ui/States.tsx';
import { moneyOfCents } from '../plans/money.ts';
import { openPortal } from '../plans/portal.ts';
import { text } from './messages.ts';
import { Movement, type Entry } from './Movement.tsx';
import './wallet.css';

type Payment = Schemas['PaymentView'];
interface Listed<T> {
  items: T[];
  next: string | undefined;
}

async function balance() {
  const [profile, { subscription }] = await Promise.all([
    data(api.GET('/api/user/profile')),
    data(api.GET('/api/subscriptions/my-subscription')),
  ]);
  return { profile, subscription };
}

async function entries(cursor?: string): Promise<Listed<Entry>> {
  const { data: ledger, meta } = await page(api.GET('/api/tokens/ledger', { params: { query: { limit: 25, ...(cursor && { cursor }) } } }));
  return { items: ledger.entries, next: meta.nextCursor };
}

async function payments(cursor?: string): Promise<Listed<Payment>> {
  const { data: list, meta } = await page(api.GET('/api/payments', { params: { query: { limit: 10, ...(cursor && { cursor }) } } }));
  return { items: list.payments, next: meta.nextCursor };
}

const added = <T,>(more: Listed<T>) => (before: Listed<T>): Listed<T> => ({ items: [...before.items, ...more.items], next: more.next });

export default function Wallet() {
  const t = text();
  const left = useResource(balance);
  const listed = useResource(() => entries());
  return (
    <Page title={t.title} lead={t.lead} actions={<LinkButton href="/plans" look="primary">{t.plans}</LinkButton>}>
      <div class="wallet">
        <section aria-label={t.left}>
          <Loading of={left} lines={3}>{(value) => <Balance {...value} />}</Loading>
        </section>
        <section>
          <h2>{t.ledger}</h2>
          <Loading of={listed} lines={6}>
            {({ items, next }) =>
              items.length === 0 ? (
                <Empty title={t.emptyTitle} action={<LinkButton href="/speak" look="lit" icon="speak">{t.speak}</LinkButton>}>{t.empty}</Empty>
              ) : (
                <>
                  <ol class="rows">{items.map((entry) => <Movement key={entry.id} entry={entry} />)}</ol>
                  {next && <More load={() => entries(next)} onMore={(more) => listed.change(added(more))} />}
                </>
              )
            }
          </Loading>
        </section>
        {me.value && !me.value.isGuest && <Payments />}
      </div>
    </Page>
  );
}

function Balance({ profile, subscription }: { profile: Schemas['ProfileData']; subscription: Schemas['SubscriptionView'] }) {
  const t = text();
  const { tokensRemaining: tokens, minutesRemaining: minutes } = profile;
  // The subscription's count includes what is held. The two were read at slightly different times.
  const held = Math.max(0, subscription.tokens - tokens);
  const isLive = subscription.status === 'active' || subscription.status === 'past_due';
  const { currentPlan, nextPlan, expiryDate } = subscription;
  const facts: [string, string][] = [[t.plan, isLive && currentPlan ? currentPlan.name : t.noPlan]];
  if (isLive && expiryDate) facts.push([t.until, date(expiryDate, 'long')]);
  if (isLive && nextPlan) facts.push([t.next, nextPlan.name]);
  return (
    <div class="balance">
      <p class="figure">
        <strong>{number(tokens)}</strong> <span>{t.tokens(tokens)}</span> <small>{held > 0 ? t.held(held) : t.noneHeld}</small>
      </p>
      <p class="figure">
        <strong>{number(rounded(minutes))}</strong> <span>{t.minutes(rounded(minutes))}</span> {subscription.totalMinutes > 0 && <small>{t.ofMinutes(rounded(subscription.totalMinutes))}</small>}
      </p>
      <dl class="facts">{facts.map(([name, fact]) => <div key={name}><dt>{name}</dt><dd><bdi>{fact}</bdi></dd></div>)}</dl>
    </div>
  );
}

const rounded = (minutes: number): number => Math.round(minutes * 10) / 10;

/** Nothing, for those who have paid nothing. */
function Payments() {
  const t = text();
  const listed = useResource(() => payments());
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { value } = listed.loaded;
  if (value.state !== 'failed' && !(value.state === 'ready' && value.value.items.length)) return null;
  const open = () => {
    setBusy(true);
    setError(null);
    openPortal({ returnPath: '/wallet' }).catch((caught) => {
      setError(caught);
      setBusy(false);
    });
  };
  return (
    <section>
      <h2>{t.payments}</h2>
      <Loading of={listed} lines={3}>
        {({ items, next }) => (
          <>
            <ol class="rows">{items.map((payment) => <Paid key={payment.id} payment={payment} />)}</ol>
            {next && <More load={() => payments(next)} onMore={(more) => listed.change(added(more))} />}
            <div class="more">
              <Problem error={error} />
              <Button isBusy={isBusy} onClick={open}>{t.bills}</Button>
            </div>
          </>
        )}
      </Loading>
    </section>
  );
}

function Paid({ payment }: { payment: Payment }) {
  const t = text();
  const { description, number: invoice, issuedAt, status } = payment;
  return (
    <li class="movement">
      <div class="row-main">
        <p class="movement-what" dir="auto">{description || invoice || t[status]}</p>
        <p class="row-about">
          {status !== 'paid' && <span class="tag" data-status={status === 'overdue' || status === 'disputed' ? 'failed' : undefined}>{t[status]}</span>}
          <time dateTime={issuedAt}>{date(issuedAt, 'long')}</time>
          {description && invoice && <span dir="ltr">{invoice}</span>}
        </p>
      </div>
      <p class="movement-amount"><bdi dir="ltr">{moneyOfCents(payment.amount, payment.currency)}</bdi></p>
    </li>
  );
}
