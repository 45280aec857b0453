import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../../api/client.ts';
import { number } from '../../../i18n/index.ts';
import { useResource } from '../../../state/resource.ts';
import { Button } from '../../../ui/Button.tsx';
import { SelectField, TextField } from '../../../ui/Field.tsx';
import { Loading } from '../../../ui/States.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { Bars, Chart, Figures } from '../../../manage/Chart.tsx';
import { oneOf, query } from '../../../manage/lists.tsx';
import { common } from '../messages.ts';
import { money } from '../../../manage/money.ts';
import { text } from './messages.ts';
import { Owned } from './Owned.tsx';

const SPANS = ['7', '30', '90'] as const;
const DAY = 86_400_000;

export default function Payments() {
  const t = text();
  const [owner, setOwner] = query('owner');
  const [typed, setTyped] = useState(owner);
  return (
    <AdminPage title={t.title}>
      <div class="manage-parts">
        <Revenue />
        <section>
          <h2>{t.of}</h2>
          <form class="filters-search" onSubmit={(event) => { event.preventDefault(); setOwner(typed.trim()); }}>
            <TextField label={t.owner} hint={t.ofHint} dir="ltr" maxLength={128} value={typed} onValue={setTyped} />
            <Button type="submit">{t.show}</Button>
          </form>
          {owner && <Owned key={owner} owner={owner} />}
        </section>
      </div>
    </AdminPage>
  );
}

/** The days that have nothing are not in the series. */
function everyDay(series: Schemas['RevenueDayView'][], days: number): { at: string; value: number }[] {
  const gross = new Map(series.map((each) => [each.date.slice(0, 10), each.gross]));
  return Array.from({ length: days }, (_, place) => {
    const at = new Date(Date.now() - (days - 1 - place) * DAY).toISOString().slice(0, 10);
    return { at, value: gross.get(at) ?? 0 };
  });
}

function Revenue() {
  const t = text();
  const [days, setDays] = query('days');
  const span = oneOf(days, SPANS) ?? '30';
  const revenue = useResource(async () => {
    const from = new Date(Date.now() - (Number(span) - 1) * DAY).toISOString();
    const [figures, { currency }, { plans }] = await Promise.all([
      data(api.GET('/api/admin/revenue', { params: { query: { from } } })),
      data(api.GET('/api/payments/config')),
      data(api.GET('/api/admin/plans')),
    ]);
    return { figures, currency, plans };
  }, [span]);
  return (
    <section>
      <div class="manage-head">
        <h2>{t.revenue}</h2>
        <SelectField label={t.span} value={span} choices={SPANS.map((value) => ({ value, label: common().days(Number(value)) }))} onValue={setDays} />
      </div>
      <Loading of={revenue} lines={6}>
        {({ figures: { mrr, totals, series, byPlan }, currency, plans }) => {
          const worth = (amount: number) => money(amount, currency);
          return (
            <>
              <Figures
                figures={[
                  [t.mrr, worth(mrr)],
                  [t.net, worth(totals.net)],
                  [t.refundedTotal, worth(totals.refunded)],
                  [t.payments, number(totals.payments)],
                  [t.newSubscriptions, number(totals.newSubscriptions)],
                  [t.cancelledPlans, number(totals.cancelled)],
                ]}
              />
              <Chart label={t.gross} points={everyDay(series, Number(span))} format={worth} />
              <h3>{t.byPlan}</h3>
              {byPlan.length === 0 ? <p class="field-hint">{t.noPlans}</p> : (
                <Bars
                  rows={byPlan.map(({ planId, amount, subscribers }) => ({
                    name: plans.find(({ id }) => id === planId)?.name ?? planId,
                    value: amount,
                    shown: t.subscribers(worth(amount), subscribers),
                  }))}
                />
              )}
            </>
          );
        }}
      </Loading>
    </section>
  );
}
