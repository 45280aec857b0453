// The plan of a company, which is bought by the seat, and what can be bought besides it. Everything
// is paid at Stripe; what it costs stands beside the button.
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { FormDialog } from '../../manage/FormDialog.tsx';
import { money } from '../../manage/money.ts';
import { Current } from '../plans/Current.tsx';
import { money as priceOf } from '../plans/money.ts';
import { isLive, type Mine } from '../plans/mine.ts';
import { openPortal } from '../plans/portal.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Loading } from '../../ui/States.tsx';
import type { Standing } from './CompanyPage.tsx';
import { text } from './money-messages.ts';

type Offer = Schemas['PlanView'];
type Addon = Schemas['AddonView'];

interface Sold {
  config: Schemas['ConfigData'];
  mine: Mine | null;
  plans: Offer[];
  extras: Addon[];
}

async function sold(companyId: string): Promise<Sold> {
  const config = await data(api.GET('/api/payments/config'));
  if (!config.payments) {
    const { subscriptions } = await data(api.GET('/api/subscriptions', { params: { query: { companyId } } }));
    return { config, mine: subscriptions[0] ? { subscription: subscriptions[0], billing: null } : null, plans: [], extras: [] };
  }
  const [mine, { plans }, { addons }] = await Promise.all([
    data(api.POST('/api/check-subscription-status', { body: { companyId } })),
    data(api.GET('/api/subscriptions/plans')),
    data(api.GET('/api/addons')),
  ]);
  return { config, mine, plans: plans.filter((each) => each.perSeat), extras: addons.filter((each) => each.available && each.priceCents > 0) };
}

function given(what: { tokens: number; voiceMinutes: number }): string {
  const t = text();
  return t.gives(what.tokens ? t.someTokens(what.tokens) : '', what.voiceMinutes ? t.someMinutes(what.voiceMinutes) : '');
}

export function Plan({ company, reload }: Standing) {
  const t = text();
  const offered = useResource(() => sold(company.id), [company.id]);
  const [wanted, want] = useState<Offer | Addon | 'seats' | null>(null);
  const owner = { companyId: company.id };
  const returnPath = `/companies/${company.id}/money`;
  return (
    <section>
      <h2>{t.plan}</h2>
      <Loading of={offered} lines={4}>
        {({ config, mine, plans, extras }) => {
          const has = mine && isLive(mine.subscription) && mine.subscription.currentPlan ? mine : null;
          const atStripe = has?.subscription.source === 'stripe';
          const changed = () => {
            offered.reload();
            reload();
          };
          return (
            <>
              {has ? <Current mine={has} owner={owner} returnPath={returnPath} onChange={changed} /> : <p>{t.noPlan}</p>}
              {!config.payments && <p class="field-hint">{t.noSales}</p>}
              {atStripe && (
                <div class="manage-head">
                  <p>{t.seatsNow(company.seats.total)}</p>
                  <Button onClick={() => want('seats')}>{t.changeSeats}</Button>
                </div>
              )}
              {config.payments && !atStripe && (
                <>
                  <h3>{t.offers}</h3>
                  {plans.length === 0 && <p class="field-hint">{t.noOffers}</p>}
                  <ul class="cards">
                    {plans.map((plan) => (
                      <li key={plan.id} class="card">
                        <h4 class="row-name" dir="auto">{plan.name}</h4>
                        <p class="card-price"><bdi dir="ltr">{priceOf(plan.price, config.currency)}</bdi> <small>{plan.billingPeriod === 'yearly' ? t.perYear : t.perMonth}</small></p>
                        {given(plan) && <p>{given(plan)} {t.each}</p>}
                        {plan.description && <p dir="auto">{plan.description}</p>}
                        <Button look={plan.isPopular || plans.length === 1 ? 'primary' : 'plain'} onClick={() => want(plan)}>{t.choose(plan.name)}</Button>
                      </li>
                    ))}
                  </ul>
                </>
              )}
              {extras.length > 0 && (
                <>
                  <h3>{t.extras}</h3>
                  <ul class="rows manage-rows">
                    {extras.map((addon) => (
                      <li key={addon.id} class="row">
                        <div class="row-main">
                          <p class="row-name" dir="auto">{addon.name}</p>
                          <p class="row-about">
                            <bdi dir="ltr">{money(addon.priceCents, addon.currency)}</bdi>
                            {addon.billing === 'monthly' && <span>{t.everyMonth}</span>}
                            {addon.billing === 'yearly' && <span>{t.everyYear}</span>}
                            <span dir="auto">{given(addon) || addon.description}</span>
                          </p>
                        </div>
                        {company.features.includes(addon.key) ? null : <div class="row-buttons"><Button small onClick={() => want(addon)}>{t.buy(addon.name)}</Button></div>}
                      </li>
                    ))}
                  </ul>
                </>
              )}
              {wanted && <Buy wanted={wanted} config={config} companyId={company.id} seats={company.seats.total} returnPath={returnPath} onClose={() => want(null)} />}
            </>
          );
        }}
      </Loading>
    </section>
  );
}

interface BuyProps {
  wanted: Offer | Addon | 'seats';
  config: Schemas['ConfigData'];
  companyId: string;
  seats: number;
  returnPath: string;
  onClose: () => void;
}

/** What it costs, before the way to Stripe. */
function Buy({ wanted, config, companyId, seats, returnPath, onClose }: BuyProps) {
  const t = text();
  const [typed, type] = useState(String(Math.max(1, seats)));
  const plan = wanted !== 'seats' && 'perSeat' in wanted ? wanted : null;
  const addon = wanted !== 'seats' && !('perSeat' in wanted) ? wanted : null;
  const quantity = /^\d{1,4}$/.test(typed.trim()) ? Number(typed) : 0;
  const isWrong = quantity < 1 || quantity > 1000;
  const save = async () => {
    if (!addon && isWrong) throw new ApiError('validation_error', t.wrongSeats, { details: { fields: [{ field: 'quantity', message: t.wrongSeats }] } });
    if (wanted === 'seats') return openPortal({ companyId, flow: 'seats', quantity, returnPath });
    const body = {
      companyId,
      ...(plan ? { planId: plan.id, quantity } : { addonId: wanted.id }),
      successPath: `${returnPath}?session={CHECKOUT_SESSION_ID}`,
      cancelPath: returnPath,
    };
    const { url } = await data(api.POST('/api/create-checkout-session', { body }));
    location.assign(url);
  };
  const isRecurring = addon !== null && (addon.billing === 'monthly' || addon.billing === 'yearly');
  const every = (plan?.billingPeriod ?? addon?.billing) === 'yearly' ? t.everyYear : t.everyMonth;
  const cost = plan ? priceOf(plan.price * quantity, config.currency) : addon ? money(addon.priceCents, addon.currency) : '';
  return (
    <FormDialog title={wanted === 'seats' ? t.changeSeats : wanted.name} action={wanted === 'seats' ? t.toStripe : t.pay} save={save} onSaved={() => {}} onClose={onClose}>
      {(wrong) => (
        <>
          {!addon && <TextField label={t.seats} name="quantity" inputMode="numeric" dir="ltr" hint={t.seatsHint} value={typed} error={wrong.quantity} onValue={type} />}
          {cost && !(plan && isWrong) && <p class="cost"><strong>{addon && !isRecurring ? <bdi dir="ltr">{cost}</bdi> : t.total(cost, every)}</strong></p>}
          {config.tax && <p class="field-hint">{t.tax}</p>}
          <p class="field-hint">{wanted === 'seats' ? t.confirmAtStripe : plan || isRecurring ? t.atStripe : t.once}</p>
        </>
      )}
    </FormDialog>
  );
}
