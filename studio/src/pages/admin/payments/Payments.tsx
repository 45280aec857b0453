import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../../api/client.ts';
import { answered, keyFor } from '../../../api/idempotency.ts';
import { date, number } from '../../../i18n/index.ts';
import { useResource } from '../../../state/resource.ts';
import { Button } from '../../../ui/Button.tsx';
import { SelectField, TextField } from '../../../ui/Field.tsx';
import { Empty, Loading } from '../../../ui/States.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { Bars, Chart, Figures } from '../../../manage/Chart.tsx';
import { FormDialog } from '../../../manage/FormDialog.tsx';
import { listed, oneOf, query, Rows, useList } from '../../../manage/lists.tsx';
import { common } from '../messages.ts';
import { money } from '../../../manage/money.ts';
import { text } from './messages.ts';

type Payment = Schemas['PaymentView'];
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

function Owned({ owner }: { owner: string }) {
  const t = text();
  const [asked, setAsked] = useState<{ payment: Payment; what: 'refund' | 'paid' } | null>(null);
  const payments = useList<Payment>(async (cursor) => {
    const { data: found, meta } = await page(api.GET('/api/payments', { params: { query: { ownerId: owner, limit: 25, ...cursor } } }));
    return listed(found.payments, meta);
  }, [owner]);
  const done = (payment: Payment, words: string) => {
    setAsked(null);
    toast(words);
    payments.replace(payment, (each) => each.id === payment.id);
  };
  return (
    <>
      <Rows of={payments} empty={<Empty title={t.none}>{t.noneWhy}</Empty>}>
        {(payment) => (
          <li key={payment.id} class="row">
            <div class="row-main">
              <p class="row-name" dir="auto">{payment.description || t.unnamed(payment.number)}</p>
              <p class="row-about">
                <span class="tag" data-status={payment.status}>{t[payment.status]}</span>
                <strong dir="ltr">{money(payment.amount, payment.currency)}</strong>
                <span>{t[payment.type]}</span>
                {payment.refunded > 0 && <span>{t.partBack(money(payment.refunded, payment.currency))}</span>}
                <time dateTime={payment.issuedAt}>{date(payment.issuedAt, 'long')}</time>
              </p>
            </div>
            <div class="row-buttons">
              {payment.type === 'manual' && (payment.status === 'open' || payment.status === 'overdue') && <Button small onClick={() => setAsked({ payment, what: 'paid' })}>{t.markPaid}</Button>}
              {(payment.status === 'paid' || payment.status === 'partly_refunded') && <Button small onClick={() => setAsked({ payment, what: 'refund' })}>{t.refund}</Button>}
            </div>
          </li>
        )}
      </Rows>
      {asked?.what === 'refund' && <Refund payment={asked.payment} onClose={() => setAsked(null)} onDone={(payment) => done(payment, t.refundedNow)} />}
      {asked?.what === 'paid' && <MarkPaid payment={asked.payment} onClose={() => setAsked(null)} onDone={(payment) => done(payment, t.paidNow)} />}
    </>
  );
}

interface Asked {
  payment: Payment;
  onDone: (payment: Payment) => void;
  onClose: () => void;
}

function Refund({ payment, onDone, onClose }: Asked) {
  const t = text();
  const most = payment.amount - payment.refunded;
  const [amount, setAmount] = useState(String(most));
  const [reason, setReason] = useState('');
  const save = async () => {
    const body = { amount: Number(amount), ...(reason && { reason }) };
    const purpose = `refund-${payment.id}`;
    const params = { path: { paymentId: payment.id }, header: { 'Idempotency-Key': keyFor(purpose, body) } };
    const refunded = await data(api.POST('/api/admin/payments/{paymentId}/refund', { params, body }));
    answered(purpose);
    return refunded.payment;
  };
  return (
    <FormDialog title={t.refundTitle} action={t.refund} save={save} onSaved={onDone} onClose={onClose}>
      {(wrong) => (
        <>
          <p>{t.refundWhy}</p>
          <TextField label={t.amount} type="number" min={1} max={most} step={1} hint={t.amountHint(money(most, payment.currency))} value={amount} onValue={setAmount} error={wrong.amount} />
          <TextField label={t.reason} dir="auto" value={reason} onValue={setReason} error={wrong.reason} />
        </>
      )}
    </FormDialog>
  );
}

function MarkPaid({ payment, onDone, onClose }: Asked) {
  const t = text();
  const [reference, setReference] = useState(payment.reference);
  const save = () => data(api.POST('/api/payments/{paymentId}/paid', { params: { path: { paymentId: payment.id } }, body: { ...(reference && { reference }) } }));
  return (
    <FormDialog title={t.markPaid} action={t.markPaid} save={save} onSaved={(answer) => onDone(answer.payment)} onClose={onClose}>
      {(wrong) => (
        <>
          <p>{t.markPaidWhy}</p>
          <TextField label={t.reference} dir="auto" value={reference} onValue={setReference} error={wrong.reference} />
        </>
      )}
    </FormDialog>
  );
}
