// What was sent to a webhook, and what became of it.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../api/client.ts';
import { ApiError, wordsFor } from '../../api/errors.ts';
import { ago, date } from '../../i18n/index.ts';
import { FormDialog } from '../../manage/FormDialog.tsx';
import { listed, oneOf, query, Rows, useList, type List, type Listed } from '../../manage/lists.tsx';
import { Button } from '../../ui/Button.tsx';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { Empty } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';

type Delivery = Schemas['DeliveryView'];
type Attempt = Schemas['AttemptView'];
const STATUSES = ['pending', 'delivered', 'failed', 'held'] as const;
const MOST_RECOVERED = 200; // at a time
const SOON = 60_000;
const MOST_WAIT = 30_000;

/** At least so many deliveries, if there are: those of all pages that are shown. */
async function first(count: number, { load }: List<Delivery>): Promise<Listed<Delivery>> {
  let found = await load({});
  while (found.next && found.items.length < count) {
    const more = await load({ cursor: found.next });
    found = { ...more, items: [...found.items, ...more.items] };
  }
  return found;
}

/** While something is on its way, what is shown is asked for again: at first soon, later seldom. If that fails, it stays
 * as it is, and is asked for later. */
function useNews(list: List<Delivery>): void {
  const looks = useRef(0);
  const { value } = list.loaded;
  const waits = value.state === 'ready' && value.value.items.some(({ status, nextTryAt }) => status === 'pending' && new Date(nextTryAt ?? 0).getTime() < Date.now() + SOON);
  useEffect(() => {
    if (!waits) {
      looks.current = 0;
      return;
    }
    let timer: ReturnType<typeof setTimeout>;
    let isOver = false;
    const wait = () => {
      if (!isOver) timer = setTimeout(look, Math.min(MOST_WAIT, 1000 * 1.4 ** looks.current++));
    };
    const shown = value.state === 'ready' ? value.value.items.length : 0;
    const look = () => first(shown, list).then((found) => {
      if (!isOver) list.change(() => found);
    }, wait);
    wait();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [value]);
}

/** `sent`: what was sent on the page since it was opened. */
export function Deliveries({ of: hook, sent }: { of: Schemas['WebhookView']; sent: number }) {
  const t = text();
  const [given, choose] = query('status');
  const status = oneOf(given, STATUSES);
  const [isRecovering, setRecovering] = useState(false);
  const list = useList(
    async (cursor) => {
      const params = { path: { webhookId: hook.id }, query: { ...(status && { status }), ...cursor } };
      const { data: found, meta } = await page(api.GET('/api/webhooks/{webhookId}/deliveries', { params }));
      return listed(found.deliveries, meta);
    },
    [status, sent],
  );
  useNews(list);
  return (
    <section>
      <div class="manage-head">
        <h2>{t.deliveries}</h2>
        <SelectField label={t.show} value={status ?? ''} choices={[{ value: '', label: t.everything }, ...STATUSES.map((each) => ({ value: each, label: t[each] }))]} onValue={choose} />
      </div>
      <p class="field-hint">{t.deliveriesWhy}</p>
      {hook.enabled && <div class="buttons"><Button small onClick={() => setRecovering(true)}>{t.recover}</Button></div>}
      <Rows of={list} empty={status ? <Empty title={t.nothingSuch} /> : <Empty title={t.nothing}>{t.nothingWhy}</Empty>}>
        {(delivery) => <Row key={delivery.id} of={delivery} hookId={hook.id} onSent={(changed) => list.replace(changed, ({ id }) => id === changed.id)} />}
      </Rows>
      {isRecovering && <Recover id={hook.id} onDone={list.reload} onClose={() => setRecovering(false)} />}
    </section>
  );
}

function Row({ of: delivery, hookId, onSent }: { of: Delivery; hookId: string; onSent: (changed: Delivery) => void }) {
  const t = text();
  const [isBusy, setBusy] = useState(false);
  const detail = useRef<HTMLElement>(null);
  const { status, type, tries, nextTryAt } = delivery;
  const replay = () => {
    setBusy(true);
    data(api.POST('/api/webhooks/{webhookId}/deliveries/{deliveryId}/replay', { params: { path: { webhookId: hookId, deliveryId: delivery.id } } }))
      .then((answer) => {
        detail.current?.focus({ preventScroll: true }); // the button goes
        onSent(answer.delivery);
        toast(t.replayed);
      }, (error: unknown) => toast(wordsFor(error)))
      .finally(() => setBusy(false));
  };
  return (
    <li class="row">
      <div class="row-main">
        <h3 class="row-name"><code dir="ltr" translate={false}>{type}</code></h3>
        <p class="row-about">
          <span class="tag" data-status={status === 'pending' ? 'in_progress' : status}>{t[status]}</span>
          <time dateTime={delivery.timestamp}>{ago(delivery.timestamp)}</time>
          {tries > 0 && <span>{t.attempts(tries)}</span>}
          {status === 'pending' && nextTryAt && tries > 0 && <span>{t.next(ago(nextTryAt))}</span>}
        </p>
      </div>
      {status !== 'pending' && (
        <div class="row-buttons"><Button small isBusy={isBusy} label={t.replayOf(type)} onClick={replay}>{t.replay}</Button></div>
      )}
      <details class="row-detail">
        <summary ref={detail} aria-label={t.detailOf(type)}>{t.detail}</summary>
        {delivery.attempts.length > 0 && <Attempts of={delivery.attempts} />}
        <pre class="hook-data" dir="ltr" tabIndex={0} translate={false}>{JSON.stringify({ type, timestamp: delivery.timestamp, data: delivery.data }, null, 2)}</pre>
      </details>
    </li>
  );
}

function Attempts({ of: attempts }: { of: Attempt[] }) {
  const t = text();
  const why = ({ status, error }: Attempt): string => (status !== null ? String(status) : error && error in t ? String(t[error as 'timeout']) : (error ?? ''));
  return (
    <table class="table">
      <thead><tr><th scope="col">{t.when}</th><th scope="col">{t.answer}</th><th scope="col">{t.took}</th></tr></thead>
      <tbody>
        {attempts.map((each) => <tr key={each.at}><td>{date(each.at, 'long')}</td><td>{why(each)}</td><td>{t.ms(each.milliseconds)}</td></tr>)}
      </tbody>
    </table>
  );
}

const WEEK = 7 * 24 * 3600 * 1000;

function Recover({ id, onDone, onClose }: { id: string; onDone: () => void; onClose: () => void }) {
  const t = text();
  const [day, setDay] = useState(new Date(Date.now() - WEEK).toISOString().slice(0, 10));
  const save = () => {
    if (!day) throw new ApiError('needs_day', t.needsDay);
    const body = { since: new Date(`${day}T00:00:00`).toISOString() };
    return data(api.POST('/api/webhooks/{webhookId}/recover', { params: { path: { webhookId: id } }, body }));
  };
  const saved = ({ count }: Schemas['Recovered']) => {
    toast(count === MOST_RECOVERED ? t.recoveredMost : count === 0 ? t.nothingMissed : t.recovered(count));
    onDone();
    onClose();
  };
  return (
    <FormDialog title={t.recover} action={t.recover} save={async () => save()} onSaved={saved} onClose={onClose}>
      {(wrong) => (
        <>
          <p>{t.recoverWhy}</p>
          <TextField label={t.recoverSince} name="since" type="date" value={day} error={wrong.since} onValue={setDay} />
        </>
      )}
    </FormDialog>
  );
}
