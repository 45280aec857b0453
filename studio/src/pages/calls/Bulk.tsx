// Cancels or deletes several calls, one after the other: some may be refused.
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { Button } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './call-messages.ts';

type Call = Schemas['CallView'];
type Action = Schemas['BulkCalls']['action'];
type Bulk = Schemas['BulkData'];

const AGAIN = 1000; // ms
const ENDED = new Set(['completed', 'failed', 'cancelled']);

/** Small ones are over with the answer, others are jobs. */
async function settled(bulk: Bulk): Promise<Bulk> {
  let now = bulk;
  while (!ENDED.has(now.job.status)) {
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
    now = await data(api.GET('/api/bulk/{bulkId}', { params: { path: { bulkId: bulk.job.jobId } } }));
  }
  return now;
}

export function Bulk({ companyId, calls, onDone }: { companyId: string; calls: Call[]; onDone: () => void }) {
  const t = text();
  const [asked, setAsked] = useState<Action | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = async (action: Action) => {
    setBusy(true);
    setError(null);
    const body = { action, companyId, callIds: calls.map(({ id }) => id) };
    try {
      const { results } = await settled(await data(api.POST('/api/videocalls/bulk', { params: { header: { 'Idempotency-Key': keyFor('calls', body) } }, body })));
      answered('calls');
      toast(t.done(results.filter(({ ok }) => ok).length));
      for (const { id, message } of results.filter(({ ok }) => !ok)) toast(`${t.refused(calls.find((each) => each.id === id)?.title ?? '')} ${message}`);
      onDone();
    } catch (failure) {
      if (failure instanceof ApiError && failure.status >= 400 && failure.status < 500) answered('calls');
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <>
      <span role="status">{t.selected(calls.length)}</span>
      <Button small disabled={calls.length === 0} onClick={() => setAsked('cancel')}>{t.cancel}</Button>
      <Button small look="danger" disabled={calls.length === 0} onClick={() => setAsked('delete')}>{t.delete}</Button>
      {asked && (
        <Confirm title={t[asked]} action={t[asked]} isBusy={isBusy} onConfirm={() => void run(asked)} onClose={() => setAsked(null)}>
          <p>{asked === 'cancel' ? t.cancelWhy(calls.length) : t.deleteWhy(calls.length)}</p>
          <Problem error={error} />
        </Confirm>
      )}
    </>
  );
}
