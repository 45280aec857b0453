// What one customer has paid and got, and what administrators do about it by hand. What moves money
// or tokens is asked for twice, with the amount.
import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../../api/client.ts';
import { answered, keyFor } from '../../../api/idempotency.ts';
import { date } from '../../../i18n/index.ts';
import { listed, Rows, useList } from '../../../manage/lists.tsx';
import { money } from '../../../manage/money.ts';
import { useResource } from '../../../state/resource.ts';
import { Button } from '../../../ui/Button.tsx';
import { TextField } from '../../../ui/Field.tsx';
import { Empty } from '../../../ui/States.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { Movement, type Entry } from '../../wallet/Movement.tsx';
import { inUnits, smallest } from './amounts.ts';
import { AskedTwice } from './AskedTwice.tsx';
import { ByHand, type Kind } from './ByHand.tsx';
import { text } from './messages.ts';

type Payment = Schemas['PaymentView'];
type Doing = { what: 'refund' | 'paid' | 'reverse' | 'void'; payment: Payment };

const isGift = ({ type, amount }: Payment): boolean => type === 'manual' && amount === 0;
const isOwed = ({ status }: Payment): boolean => status === 'open' || status === 'overdue';

export function Owned({ owner }: { owner: string }) {
  const t = text();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [making, setMaking] = useState<Kind | null>(null);
  const payments = useList<Payment>(async (cursor) => {
    const { data: found, meta } = await page(api.GET('/api/payments', { params: { query: { ownerId: owner, limit: 25, ...cursor } } }));
    return listed(found.payments, meta);
  }, [owner]);
  const ledger = useList<Entry>(async (cursor) => {
    const { data: found, meta } = await page(api.GET('/api/tokens/ledger', { params: { query: { ownerId: owner, limit: 25, ...cursor } } }));
    return listed(found.entries, meta);
  }, [owner]);
  const currency = useResource(async () => (await data(api.GET('/api/payments/config'))).currency);
  const { value } = currency.loaded;
  const close = () => {
    setDoing(null);
    setMaking(null);
  };
  const done = (words: string) => {
    close();
    toast(words);
    payments.reload();
    ledger.reload();
  };
  return (
    <div class="manage-parts">
      <section>
        <div class="manage-head">
          <h3>{t.payments}</h3>
          <div class="buttons">
            <Button small disabled={value.state !== 'ready'} onClick={() => setMaking('gift')}>{t.give}</Button>
            <Button small disabled={value.state !== 'ready'} onClick={() => setMaking('paid')}>{t.record}</Button>
          </div>
        </div>
        <Rows of={payments} empty={<Empty title={t.none}>{t.noneWhy}</Empty>}>
          {(payment) => <Row key={payment.id} payment={payment} onDo={(what) => setDoing({ what, payment })} />}
        </Rows>
      </section>
      <section>
        <h3>{t.ledger}</h3>
        <Rows of={ledger} empty={<p class="field-hint">{t.noLedger}</p>}>{(entry) => <Movement key={entry.id} entry={entry} />}</Rows>
      </section>
      {making && value.state === 'ready' && <ByHand owner={owner} kind={making} currency={value.value} onDone={done} onClose={close} />}
      {doing?.what === 'refund' && <Refund payment={doing.payment} onClose={close} onDone={() => done(t.refundedNow)} />}
      {doing?.what === 'paid' && <MarkPaid payment={doing.payment} onClose={close} onDone={() => done(t.paidNow)} />}
      {(doing?.what === 'reverse' || doing?.what === 'void') && <Reverse payment={doing.payment} onClose={close} onDone={() => done(doing.what === 'void' ? t.voidNow : t.reversedNow)} />}
    </div>
  );
}

function Row({ payment, onDo }: { payment: Payment; onDo: (what: Doing['what']) => void }) {
  const t = text();
  const isManual = payment.type === 'manual';
  const { tokens, voiceMinutes } = payment.gave;
  return (
    <li class="row">
      <div class="row-main">
        <p class="row-name" dir="auto">{payment.description || t.unnamed(payment.number)}</p>
        <p class="row-about">
          <span class="tag" data-status={payment.status}>{t[payment.status]}</span>
          {isGift(payment) ? <span>{t.gift}</span> : <><strong dir="ltr">{money(payment.amount, payment.currency)}</strong><span>{t[payment.type]}</span></>}
          {tokens > 0 && <span>{t.someTokens(tokens)}</span>}
          {voiceMinutes > 0 && <span>{t.someMinutes(voiceMinutes)}</span>}
          {payment.refunded > 0 && <span>{t.partBack(money(payment.refunded, payment.currency))}</span>}
          {payment.reference && <span dir="auto">{payment.reference}</span>}
          <time dateTime={payment.issuedAt}>{date(payment.issuedAt, 'long')}</time>
        </p>
      </div>
      <div class="row-buttons">
        {isManual && isOwed(payment) && <Button small onClick={() => onDo('paid')}>{t.markPaid}</Button>}
        {isManual && isOwed(payment) && <Button small look="quiet" onClick={() => onDo('void')}>{t.makeVoid}</Button>}
        {isManual && payment.status === 'paid' && <Button small onClick={() => onDo('reverse')}>{t.reverse}</Button>}
        {!isManual && (payment.status === 'paid' || payment.status === 'partly_refunded') && <Button small onClick={() => onDo('refund')}>{t.refund}</Button>}
      </div>
    </li>
  );
}

interface Asked {
  payment: Payment;
  onDone: () => void;
  onClose: () => void;
}

function Refund({ payment, onDone, onClose }: Asked) {
  const t = text();
  const { currency } = payment;
  const most = payment.amount - payment.refunded;
  const [amount, setAmount] = useState(inUnits(most, currency));
  const [reason, setReason] = useState('');
  const cents = smallest(amount, currency);
  const isRight = cents >= 1 && cents <= most;
  const act = async () => {
    const body = { amount: cents, ...(reason && { reason }) };
    const purpose = `refund-${payment.id}`;
    const params = { path: { paymentId: payment.id }, header: { 'Idempotency-Key': keyFor(purpose, body) } };
    await data(api.POST('/api/admin/payments/{paymentId}/refund', { params, body }));
    answered(purpose);
  };
  return (
    <AskedTwice takes title={t.refundTitle} action={t.refund} wrong={isRight ? '' : t.amountHint(money(most, currency))} sure={<p>{t.refundSure(money(cents, currency))}</p>} act={act} onDone={onDone} onClose={onClose}>
      <p>{t.refundWhy}</p>
      <TextField label={t.amount(currency.toUpperCase())} name="amount" inputMode="decimal" dir="ltr" hint={t.amountHint(money(most, currency))} value={amount} onValue={setAmount} />
      <TextField label={t.reason} name="reason" dir="auto" maxLength={200} value={reason} onValue={setReason} />
    </AskedTwice>
  );
}

function MarkPaid({ payment, onDone, onClose }: Asked) {
  const t = text();
  const [reference, setReference] = useState(payment.reference);
  const act = () => data(api.POST('/api/payments/{paymentId}/paid', { params: { path: { paymentId: payment.id } }, body: { ...(reference && { reference }) } }));
  return (
    <AskedTwice title={t.markPaid} action={t.markPaid} sure={<p>{t.paidSure(money(payment.amount, payment.currency))}</p>} act={act} onDone={onDone} onClose={onClose}>
      <p>{t.markPaidWhy}</p>
      <TextField label={t.reference} name="reference" dir="auto" value={reference} onValue={setReference} />
    </AskedTwice>
  );
}

/** Voids one that is owed, and takes back what a paid one gave: the API knows which. */
function Reverse({ payment, onDone, onClose }: Asked) {
  const t = text();
  const amount = money(payment.amount, payment.currency);
  const { tokens, voiceMinutes } = payment.gave;
  const gave = [tokens > 0 && t.someTokens(tokens), voiceMinutes > 0 && t.someMinutes(voiceMinutes)].filter(Boolean).join(t.and);
  const act = () => data(api.DELETE('/api/payments/{paymentId}', { params: { path: { paymentId: payment.id } } }));
  const taken = isGift(payment) ? t.reverseGift(gave) : gave ? t.reverseSure(amount, gave) : t.reverseNothing(amount);
  const sure = isOwed(payment) ? t.voidSure(amount) : taken;
  return <AskedTwice takes title={isOwed(payment) ? t.voidTitle : t.reverseTitle} action={isOwed(payment) ? t.makeVoid : t.reverse} sure={<p>{sure}</p>} act={act} onDone={onDone} onClose={onClose} />;
}
