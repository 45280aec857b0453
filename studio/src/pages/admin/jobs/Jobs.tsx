import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../../api/client.ts';
import { ago, date } from '../../../i18n/index.ts';
import { Button } from '../../../ui/Button.tsx';
import { Confirm } from '../../../ui/Dialog.tsx';
import { SelectField } from '../../../ui/Field.tsx';
import { Empty, Problem } from '../../../ui/States.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { listed, oneOf, query, Rows, useList } from '../../../manage/lists.tsx';
import { common } from '../messages.ts';
import { text } from './messages.ts';

type Job = Schemas['AdminJobView'];
const STATUSES = ['queued', 'in_progress', 'completed', 'failed', 'cancelled'] as const;
const KINDS: readonly Schemas['JobKind'][] = ['voice', 'script_audio', 'script_line', 'video', 'dubbing', 'transcription', 'sample_text', 'message_speech', 'message_transcript', 'call_message', 'call_recording', 'room_clearing', 'bulk', 'export', 'company_export', 'tab'];

const isOpen = (job: Job): boolean => job.status === 'queued' || job.status === 'in_progress';

export default function Jobs() {
  const t = text();
  const [chosenStatus, setStatus] = query('status');
  const [chosenKind, setKind] = query('kind');
  const [userId, setUser] = query('user');
  const [status, kind] = [oneOf(chosenStatus, STATUSES), oneOf(chosenKind, KINDS)];
  const [asked, setAsked] = useState<Job | null>(null);
  const jobs = useList<Job>(async (cursor) => {
    const filter = { ...(status && { status }), ...(kind && { kind }), ...(userId && { userId }) };
    const { data: found, meta } = await page(api.GET('/api/admin/jobs', { params: { query: { limit: 25, ...filter, ...cursor } } }));
    return listed(found.jobs, meta);
  }, [status, kind, userId]);
  const choices = <T extends keyof ReturnType<typeof text>>(values: readonly T[]) => [{ value: '', label: common().all }, ...values.map((value) => ({ value, label: String(t[value]) }))];
  return (
    <AdminPage title={t.title} actions={<Button onClick={jobs.reload}>{t.reload}</Button>}>
      <div class="filters">
        <SelectField label={t.status} value={status ?? ''} choices={choices(STATUSES)} onValue={setStatus} />
        <SelectField label={t.kind} value={kind ?? ''} choices={choices(KINDS)} onValue={setKind} />
        {userId && <Button look="quiet" onClick={() => setUser('')}>{t.anybody}</Button>}
      </div>
      <Rows of={jobs} empty={<Empty title={t.none}>{t.noneWhy}</Empty>}>
        {(job) => <Row key={job.jobId} job={job} onCancel={() => setAsked(job)} />}
      </Rows>
      {asked && (
        <Cancel
          job={asked}
          onClose={() => setAsked(null)}
          onDone={(job) => {
            setAsked(null);
            toast(t.cancelled1);
            jobs.replace(job, (each) => each.jobId === job.jobId);
          }}
        />
      )}
    </AdminPage>
  );
}

function Row({ job, onCancel }: { job: Job; onCancel: () => void }) {
  const t = text();
  return (
    <li class="row">
      <div class="row-main">
        <p class="row-name">{t[job.kind]}</p>
        <p class="row-about">
          <span class="tag" data-status={job.status}>{t[job.status]}{job.status === 'in_progress' && ` ${job.progress}%`}</span>
          <a href={`/admin/users/${job.userId}`} dir="ltr">{job.userEmail || job.userId}</a>
          {job.attempt > 1 && <span>{t.attempt(job.attempt)}</span>}
          {job.charge?.charged ? <span>{t.charged(job.charge.charged)}</span> : job.charge?.held && isOpen(job) ? <span>{t.held(job.charge.held)}</span> : null}
          <time dateTime={job.createdAt} title={date(job.createdAt, 'long')}>{ago(job.createdAt)}</time>
        </p>
        {job.error && <p class="field-hint" lang="en" dir="auto">{job.error.message} <code>{job.error.code}</code></p>}
      </div>
      {isOpen(job) && <div class="row-buttons"><Button small onClick={onCancel}>{t.cancel}</Button></div>}
    </li>
  );
}

function Cancel({ job, onDone, onClose }: { job: Job; onDone: (job: Job) => void; onClose: () => void }) {
  const t = text();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const cancel = () => {
    setBusy(true);
    setError(null);
    data(api.POST('/api/admin/jobs/{jobId}/cancel', { params: { path: { jobId: job.jobId } } }))
      .then((answer) => onDone(answer.job), setError)
      .finally(() => setBusy(false));
  };
  return (
    <Confirm title={t.cancelTitle} action={t.cancel} isBusy={isBusy} onConfirm={cancel} onClose={onClose}>
      <p class="row-name">{t[job.kind]}</p>
      <p>{t.cancelWhy}</p>
      <Problem error={error} />
    </Confirm>
  );
}
