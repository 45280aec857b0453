// Exports: the API makes them as a job, which goes on when the page is left.
import { useEffect, useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { download } from '../../player/player.ts';
import { draft } from '../../state/drafts.ts';
import { Button } from '../../ui/Button.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './dashboard-messages.ts';
import { startOf } from './days.ts';

type Kind = Schemas['Table'];
const KINDS = { calls: 'tCalls', reviews: 'tReviews', users: 'tUsers', licenses: 'tLicenses', payments: 'tPayments', usage: 'tUsage', comments: 'tComments' } as const satisfies Record<Kind, string>;
const FIRST = 500;
const LONGEST = 5000;

/** `first` and `last`: days in `zone`, both included. */
export function Tables({ companyId, first, last, zone }: { companyId: string; first: string; last: string; zone: string }) {
  const t = text();
  const latest = draft(`table.${companyId}`, { id: '' });
  const [kind, setKind] = useState<Kind>('calls');
  const [format, setFormat] = useState<'csv' | 'json'>('csv');
  const [made, setMade] = useState<Schemas['CompanyExportView'] | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { id } = latest.value;
  useEffect(() => {
    setMade(null);
    if (!id) return;
    let timer = 0;
    let wait = FIRST;
    let isOver = false;
    const look = async () => {
      try {
        const found = await data(api.GET('/api/companies/{companyId}/exports/{exportId}', { params: { path: { companyId, exportId: id } } }));
        if (isOver) return;
        setMade(found.export);
        if (!['queued', 'in_progress'].includes(found.export.status)) return;
      } catch (caught) {
        if (isOver) return;
        if (caught instanceof ApiError && caught.status === 404) {
          latest.value = { id: '' }; // it has expired
          return;
        }
      }
      timer = window.setTimeout(() => void look(), wait);
      wait = Math.min(LONGEST, wait * 2);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [id, companyId]);
  const start = async () => {
    setBusy(true);
    setError(null);
    const body = { kind, format, from: startOf(first, zone), to: startOf(last, zone, 1) };
    try {
      const { job } = await data(api.POST('/api/companies/{companyId}/exports', { params: { path: { companyId }, header: { 'Idempotency-Key': keyFor('table', { companyId, ...body }) } }, body }));
      answered('table');
      latest.value = { id: job.jobId };
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  };
  const isRunning = id !== '' && (made === null || ['queued', 'in_progress'].includes(made.status));
  const save = () => void download(made!.url!.split('?')[0]!, `${made!.kind}.${made!.format}`).catch(() => toast(t.notDownloaded));
  return (
    <section>
      <h2>{t.tables}</h2>
      <p class="field-hint">{t.tablesWhy}</p>
      <div class="filters">
        <SelectField label={t.table} value={kind} choices={Object.entries(KINDS).map(([value, name]) => ({ value, label: t[name] }))} onValue={(value) => setKind(value as Kind)} />
        <SelectField label={t.format} value={format} choices={[{ value: 'csv', label: 'CSV' }, { value: 'json', label: 'JSON' }]} onValue={(value) => setFormat(value as 'csv')} />
        <div class="filters-go"><Button isBusy={isBusy || isRunning} onClick={() => void start()}>{t.make}</Button></div>
      </div>
      <Problem error={error} />
      <div role="status">
        {isRunning ? <p>{t.making}</p> : made && <p>{made.url ? t.ready(made.rows ?? 0) : t.failed}</p>}
      </div>
      {made?.url && !isRunning && <div><Button icon="download" onClick={save}>{t.download}</Button></div>}
    </section>
  );
}
