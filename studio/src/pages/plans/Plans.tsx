import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { date } from '../../i18n/index.ts';
import { me, refresh, state } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty, Failure, Loading, Problem, Skeleton } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { Current } from './Current.tsx';
import { text } from './messages.ts';
import { isLive, type Mine } from './mine.ts';
import { money, moneyOfCents } from './money.ts';
import { openPortal } from './portal.ts';
import './plans.css';

type Plan = Schemas['PlanView'];
type Addon = Schemas['AddonView'];
type Config = Schemas['ConfigData'];
type Has = Schemas['SubscriptionView'];
const RETURN = { successPath: '/checkout/done?session={CHECKOUT_SESSION_ID}', cancelPath: '/checkout/cancelled' };

async function offers() {
  const [{ plans }, config, { addons }] = await Promise.all([
    data(api.GET('/api/subscriptions/plans')),
    data(api.GET('/api/payments/config')),
    data(api.GET('/api/addons')),
  ]);
  return { plans, config, extras: config.payments ? addons.filter((each) => each.kind === 'topup' && each.available) : [] };
}

async function mine(): Promise<Mine> {
  const { payments } = await data(api.GET('/api/payments/config'));
  if (payments) return data(api.POST('/api/check-subscription-status', { body: {} }));
  return { ...(await data(api.GET('/api/subscriptions/my-subscription'))), billing: null };
}

export default function Plans() {
  const t = text();
  const hasAccount = state.value === 'in' && me.value?.isGuest === false;
  const offered = useResource(offers);
  const has = useResource(() => (hasAccount ? mine() : Promise.resolve(null)), [hasAccount]);
  const [wanted, want] = useState<Plan | Addon | null>(null);
  const { value } = has.loaded;
  const current = value.state === 'ready' ? value.value : null;
  const isKnown = hasAccount && current !== null;
  const isWaiting = state.value === 'unknown' || (hasAccount && value.state !== 'failed' && current === null);
  const config = offered.loaded.value.state === 'ready' ? offered.loaded.value.value.config : null;
  const changed = () => {
    has.reload();
    void refresh();
  };
  return (
    <Page title={t.title} lead={config?.payments === false ? t.leadFree : t.lead} wide>
      {value.state === 'failed' && <Failure error={value.error} onRetry={has.reload} />}
      {current && isLive(current.subscription) && <Current mine={current} onChange={changed} />}
      {me.value?.isGuest && (
        <div class="shortage plans-note">
          <p>{t.guest}</p>
          <LinkButton href="/sign-up?to=/plans" small>{t.account}</LinkButton>
        </div>
      )}
      <Loading of={offered} lines={6}>
        {({ plans, config, extras }) => isWaiting ? <Skeleton lines={6} /> : (
          <>
            {plans.length === 0 && <Empty title={t.none}>{t.noneWhy}</Empty>}
            <ul class="offers" aria-label={t.offers}>
              {plans.map((plan) => <Offer key={plan.id} plan={plan} config={config} has={current?.subscription ?? null} isKnown={isKnown} onChoose={() => want(plan)} />)}
            </ul>
            {config.tax && <p class="field-hint">{t.tax}</p>}
            {extras.length > 0 && hasAccount && (
              <section class="extras">
                <h2>{t.extra}</h2>
                <p class="lead">{t.extraLead}</p>
                <ul class="rows">{extras.map((addon) => <Extra key={addon.id} addon={addon} onBuy={() => want(addon)} />)}</ul>
              </section>
            )}
            {wanted && <Choice wanted={wanted} config={config} has={current?.subscription ?? null} onClose={() => want(null)} onChange={changed} />}
          </>
        )}
      </Loading>
    </Page>
  );
}

function given(what: { voiceMinutes: number; tokens: number }): string {
  const t = text();
  return [what.voiceMinutes && t.minutes(what.voiceMinutes), what.tokens && t.tokens(what.tokens)].filter(Boolean).join(' · ');
}

function Price({ plan, config }: { plan: Plan; config: Config }) {
  const t = text();
  if (!plan.price) return <p class="offer-price"><strong>{t.free}</strong></p>;
  const isYearly = plan.billingPeriod === 'yearly';
  const every = plan.perSeat ? (isYearly ? t.perSeatYear : t.perSeat) : isYearly ? t.perYear : t.perMonth;
  return <p class="offer-price"><strong><bdi dir="ltr">{money(plan.price, config.currency)}</bdi></strong> <span>{every}</span></p>;
}

interface OfferProps {
  plan: Plan;
  config: Config;
  has: Has | null;
  isKnown: boolean;
  onChoose: () => void;
}

function Offer({ plan, config, has, isKnown, onChoose }: OfferProps) {
  const t = text();
  const isMine = has !== null && isLive(has) && has.currentPlan?.id === plan.id;
  const isNext = has !== null && isLive(has) && has.nextPlan?.id === plan.id;
  return (
    <li class="offer" data-mine={isMine || undefined}>
      <div class="offer-head">
        <h2 dir="auto">{plan.name}</h2>
        {isMine ? <p class="tag" data-status="in_progress">{t.yours}</p> : isNext && has.periodEnd ? <p class="tag">{t.from(date(has.periodEnd))}</p> : plan.isPopular && <p class="tag">{t.popular}</p>}
      </div>
      <Price plan={plan} config={config} />
      <p class="offer-gives">{given(plan)}</p>
      {config.payments && plan.trialDays > 0 && plan.price > 0 && <p class="offer-gives">{t.trial(plan.trialDays)}</p>}
      {plan.description && <p class="offer-about" dir="auto">{plan.description}</p>}
      <div class="offer-foot"><Ways plan={plan} has={has} isMine={isMine} isNext={isNext} isKnown={isKnown} onChoose={onChoose} /></div>
    </li>
  );
}

/** How to get it, if there is a way. */
function Ways({ plan, has, isMine, isNext, isKnown, onChoose }: Omit<OfferProps, 'config'> & { isMine: boolean; isNext: boolean }) {
  const t = text();
  const look = plan.isPopular ? 'primary' : 'plain';
  if (plan.perSeat) return <p class="offer-about">{t.company}</p>;
  if (state.value === 'out') return <LinkButton href="/sign-up?to=/plans" look={look}>{t.choose(plan.name)}</LinkButton>;
  if (me.value?.isGuest || state.value === 'suspended' || isNext) return null;
  const atStripe = has !== null && isLive(has) && has.source === 'stripe';
  // Stripe knows of no free plan: to come back to it is to cancel.
  if (atStripe && !plan.price) return null;
  if (isMine) return has?.nextPlan && !atStripe ? <Button onClick={onChoose}>{t.keep(plan.name)}</Button> : null;
  return <Button look={look} disabled={!isKnown} onClick={onChoose}>{t.choose(plan.name)}</Button>;
}

function Extra({ addon, onBuy }: { addon: Addon; onBuy: () => void }) {
  const t = text();
  return (
    <li class="extra">
      <div class="row-main">
        <h3 dir="auto">{addon.name}</h3>
        <p class="offer-about">{given(addon)}</p>
      </div>
      <p class="extra-price"><bdi dir="ltr">{moneyOfCents(addon.priceCents, addon.currency)}</bdi></p>
      <Button small onClick={onBuy}>{t.buy(addon.name)}</Button>
    </li>
  );
}

/** What the choice costs and when it begins, before anything is done. */
function Choice({ wanted, config, has, onClose, onChange }: { wanted: Plan | Addon; config: Config; has: Has | null; onClose: () => void; onChange: () => void }) {
  const t = text();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const plan = 'price' in wanted ? wanted : null;
  const before = has && isLive(has) ? has : null;
  const isKept = plan !== null && before?.currentPlan?.id === plan.id;
  const way = !plan ? 'extra' : before?.source === 'stripe' ? 'change' : config.payments && plan.price && !isKept ? 'buy' : 'start';

  const starts = () => {
    if (isKept) return '';
    const later = before?.periodEnd && before.currentPlan && plan && yearly(plan) <= yearly(before.currentPlan);
    return later ? t.startsLater(date(before.periodEnd!, 'long')) : t.startsNow;
  };
  const act = async () => {
    if (way === 'change') return openPortal({ flow: 'plan', planId: wanted.id, returnPath: '/plans' });
    if (way === 'buy' || way === 'extra') {
      const body = { ...RETURN, ...(plan ? { planId: wanted.id } : { addonId: wanted.id }) };
      const { url } = await data(api.POST('/api/create-checkout-session', { body }));
      location.assign(url);
      return;
    }
    const { subscription } = await data(api.POST('/api/subscriptions/subscribe', { body: { planId: wanted.id } }));
    onChange();
    onClose();
    toast(isKept ? t.kept(wanted.name) : subscription.currentPlan?.id === wanted.id ? t.started(wanted.name) : t.scheduled(wanted.name));
  };
  const go = () => {
    setBusy(true);
    setError(null);
    act().catch((caught) => {
      setError(caught);
      setBusy(false);
    });
  };
  return (
    <Dialog title={wanted.name} onClose={onClose}>
      {plan ? <Price plan={plan} config={config} /> : <p class="offer-price"><strong><bdi dir="ltr">{moneyOfCents((wanted as Addon).priceCents, (wanted as Addon).currency)}</bdi></strong></p>}
      <p>{given(wanted)}</p>
      <p class="offer-about">{{ extra: t.payOnce, change: t.changeAtStripe, buy: t.payAtStripe, start: starts() }[way]}</p>
      <Problem error={error} />
      <div class="dialog-actions">
        <Button look="primary" isBusy={isBusy} onClick={go}>{way === 'start' ? (isKept ? t.keep(wanted.name) : t.start) : way === 'change' ? t.change : t.pay}</Button>
      </div>
    </Dialog>
  );
}

const yearly = (plan: { price: number; billingPeriod: Schemas['BillingPeriod'] }): number => plan.price * (plan.billingPeriod === 'yearly' ? 1 : 12);
