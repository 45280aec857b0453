// Where Stripe sends people back to.
import { useEffect, useRef } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { date, number } from '../../i18n/index.ts';
import { address, path } from '../../router.ts';
import { refresh } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Failure, Skeleton } from '../../ui/States.tsx';
import { text } from './messages.ts';
import './plans.css';

const LOOKS = 10;
const PAUSE = 3000;

export default function Checkout() {
  const t = text();
  if (path.value === '/checkout/cancelled') {
    return (
      <Page title={t.cancelled} lead={t.cancelledWhy}>
        <LinkButton href="/plans" look="primary">{t.plans}</LinkButton>
      </Page>
    );
  }
  return <Returned session={address.value.searchParams.get('session') ?? ''} />;
}

function Returned({ session }: { session: string }) {
  const t = text();
  const looks = useRef(0);
  const read = useResource(() => data(api.POST('/api/verify-payment', { body: { sessionId: session } })), [session]);
  const { value } = read.loaded;
  const found = value.state === 'ready' ? value.value : null;
  const isPending = found !== null && !found.paid && found.status === 'complete';
  useEffect(() => {
    if (found?.paid) void refresh(); // the balance in the rail
    if (!isPending || ++looks.current > LOOKS) return;
    const timer = setTimeout(read.reload, PAUSE);
    return () => clearTimeout(timer);
  }, [found]);
  const isUnknown = value.state === 'failed' && value.error instanceof ApiError && value.error.status === 404;
  const [title, lead] = isUnknown ? [t.unknown, t.unknownWhy] : saying(value.state === 'failed', found);
  return (
    <Page title={title} lead={<span role="status">{lead}</span>}>
      {value.state === 'loading' && <Skeleton lines={3} />}
      {value.state === 'failed' && !isUnknown && <Failure error={value.error} onRetry={read.reload} />}
      {found?.paid && <Bought has={found.subscription} />}
      {isUnknown && <LinkButton href="/wallet" look="primary">{t.wallet}</LinkButton>}
      {found && (
        <div class="buttons">
          {found.paid && <LinkButton href="/speak" look="primary" icon="speak">{t.speak}</LinkButton>}
          {found.paid && <LinkButton href="/wallet">{t.wallet}</LinkButton>}
          {isPending && <Button onClick={read.reload}>{t.again}</Button>}
          {!found.paid && <LinkButton href="/plans" look={isPending ? 'plain' : 'primary'}>{t.plans}</LinkButton>}
        </div>
      )}
    </Page>
  );
}

function saying(hasFailed: boolean, found: Schemas['Verified'] | null): [string, string] {
  const t = text();
  if (hasFailed) return [t.checking, ''];
  if (!found) return [t.checking, t.checkingWhy];
  if (found.paid) return [t.thanks, t.thanksWhy];
  if (found.status === 'complete') return [t.pending, t.pendingWhy];
  return found.status === 'expired' ? [t.expired, t.expiredWhy] : [t.unpaid, t.unpaidWhy];
}

function Bought({ has }: { has: Schemas['SubscriptionView'] }) {
  const t = text();
  const facts: [string, string][] = [
    ...(has.currentPlan ? [[t.plan, has.currentPlan.name] as [string, string]] : []),
    ...(has.currentPlan && has.expiryDate ? [[t.until, date(has.expiryDate, 'long')] as [string, string]] : []),
    [t.hasTokens, number(has.tokens)],
    [t.hasMinutes, number(has.availableMinutes)],
  ];
  return <dl class="facts bought">{facts.map(([name, fact]) => <div key={name}><dt>{name}</dt><dd><bdi>{fact}</bdi></dd></div>)}</dl>;
}
