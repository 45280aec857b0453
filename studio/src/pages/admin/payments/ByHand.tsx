// Tokens and minutes that an administrator gives, and payments that no card makes. A gift is a
// payment of nothing, so that it has a reason, is on record, and can be taken back.
import { useState } from 'preact/hooks';
import { api, data } from '../../../api/client.ts';
import { answered, keyFor } from '../../../api/idempotency.ts';
import { money } from '../../../manage/money.ts';
import { SelectField, TextField } from '../../../ui/Field.tsx';
import { smallest, whole } from './amounts.ts';
import { AskedTwice } from './AskedTwice.tsx';
import { text } from './messages.ts';

/** `paid`: the money is here. `owed`: an invoice, which is marked as paid later. */
export type Kind = 'gift' | 'paid' | 'owed';

interface Props {
  owner: string;
  kind: Kind;
  currency: string;
  onDone: (words: string) => void;
  onClose: () => void;
}

export function ByHand({ owner, kind: asked, currency, onDone, onClose }: Props) {
  const t = text();
  const [kind, setKind] = useState(asked);
  const [typed, setTyped] = useState({ amount: '', tokens: '', minutes: '', description: '', reference: '', due: '' });
  const change = (changed: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...changed }));
  const isGift = kind === 'gift';
  const amount = isGift ? 0 : smallest(typed.amount, currency);
  const [tokens, minutes] = [whole(typed.tokens), whole(typed.minutes)];
  const description = typed.description.trim();
  const wrong = () => {
    if (Number.isNaN(amount)) return t.wrongAmount;
    if (Number.isNaN(tokens) || Number.isNaN(minutes)) return t.wrongNumber;
    if (isGift && !tokens && !minutes) return t.nothingGiven;
    return description ? '' : t.noReason;
  };
  const given = [tokens > 0 && t.someTokens(tokens), minutes > 0 && t.someMinutes(minutes)].filter(Boolean).join(t.and) || t.nothing;
  const act = async () => {
    const body = {
      ownerId: owner,
      amount,
      currency,
      description,
      tokens,
      voiceMinutes: minutes,
      ...(typed.reference.trim() && !isGift && { reference: typed.reference.trim() }),
      ...(kind === 'owed' && typed.due && { dueAt: new Date(`${typed.due}T23:59:59`).toISOString() }),
    };
    const { payment } = await data(api.POST('/api/payments', { params: { header: { 'Idempotency-Key': keyFor('by-hand', { ...body, kind }) } }, body }));
    // The same key finds the same payment, and it is paid once, however often this is tried.
    if (kind !== 'owed') await data(api.POST('/api/payments/{paymentId}/paid', { params: { path: { paymentId: payment.id } }, body: {} }));
    answered('by-hand');
  };
  const worth = money(amount || 0, currency);
  const sure = isGift ? t.giveSure(given, description) : kind === 'paid' ? t.recordSure(worth, given) : t.oweSure(worth, given);
  const done = () => onDone(isGift ? t.givenNow : kind === 'paid' ? t.recordedNow : t.owedNow);
  return (
    <AskedTwice title={isGift ? t.give : t.record} action={isGift ? t.giveIt : t.recordIt} wrong={wrong()} sure={<p class="wraps">{sure}</p>} act={act} onDone={done} onClose={onClose}>
      {!isGift && (
        <>
          <SelectField label={t.isPaid} value={kind} choices={[{ value: 'paid', label: t.kindPaid }, { value: 'owed', label: t.kindOwed }]} onValue={(value) => setKind(value as Kind)} />
          <TextField label={t.amount(currency.toUpperCase())} name="amount" inputMode="decimal" dir="ltr" value={typed.amount} onValue={(value) => change({ amount: value })} />
        </>
      )}
      <div class="form-pair">
        <TextField label={t.tokens} name="tokens" inputMode="numeric" dir="ltr" value={typed.tokens} onValue={(value) => change({ tokens: value })} />
        <TextField label={t.minutes} name="minutes" inputMode="numeric" dir="ltr" value={typed.minutes} onValue={(value) => change({ minutes: value })} />
      </div>
      <TextField label={isGift ? t.reason : t.description} name="description" dir="auto" maxLength={200} hint={t.seen} value={typed.description} onValue={(value) => change({ description: value })} />
      {!isGift && <TextField label={t.reference} name="reference" dir="auto" maxLength={200} value={typed.reference} onValue={(value) => change({ reference: value })} />}
      {kind === 'owed' && <TextField label={t.due} name="due" type="date" value={typed.due} onValue={(value) => change({ due: value })} />}
    </AskedTwice>
  );
}
