// The archive of everything, and the end of the account.
import { useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { date } from '../../i18n/index.ts';
import { dismiss, follow, followed } from '../../jobs/follow.ts';
import { JobProgress } from '../../jobs/JobProgress.tsx';
import { hasEnded } from '../../jobs/kinds.ts';
import { download } from '../../player/player.ts';
import { signInFailure } from '../../session/errors.ts';
import { signIn, signOut, type Me } from '../../session/session.ts';
import { draft } from '../../state/drafts.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Confirm, Dialog } from '../../ui/Dialog.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';
import { sorted } from './told.ts';

export function YourData({ user }: { user: Me }) {
  const t = text();
  const [isDeleting, setDeleting] = useState(false);
  return (
    <section>
      <h2>{t.data}</h2>
      <Export user={user} />
      <div class="part">
        <h3>{t.delete}</h3>
        <p class="section-why">{t.deleteWhy}</p>
        <Button look="danger" onClick={() => setDeleting(true)}>{t.delete}</Button>
      </div>
      {isDeleting && <Delete user={user} onClose={() => setDeleting(false)} />}
    </section>
  );
}

function Export({ user }: { user: Me }) {
  const t = text();
  const latest = draft('export', { id: '' });
  const { id } = latest.value;
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isAsking, setAsking] = useState(false);
  const each = followed.value[`export/${id}`];
  const job = each?.progress?.job;
  const isRunning = each && !(job && hasEnded(job));

  async function start(): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      const { job: started } = await data(api.POST('/api/auth/export'));
      if (id) dismiss('export', id);
      latest.value = { id: started.jobId };
      follow('export', started.jobId);
    } catch (caught) {
      if (caught instanceof ApiError && caught.code === 'recent_sign_in_required') setAsking(true);
      else setError(caught);
    }
    setBusy(false);
  }

  return (
    <div class="part" data-follows={id || undefined}>
      <h3>{t.exportTitle}</h3>
      <p class="section-why">{t.exportWhy}</p>
      {isRunning ? <JobProgress followed={each} /> : (
        <>
          {id && <Archive key={`${id} ${job?.status}`} id={id} />}
          <Problem error={error} />
          <Button isBusy={isBusy} onClick={() => void start()}>{id ? t.exportAgain : t.export}</Button>
        </>
      )}
      {isAsking && <Again user={user} onClose={() => setAsking(false)} onDone={() => { setAsking(false); void start(); }} />}
    </div>
  );
}

/** The link, as long as the archive is kept. */
function Archive({ id }: { id: string }) {
  const t = text();
  const read = useResource(() => data(api.GET('/api/auth/export/{exportId}', { params: { path: { exportId: id } } })), [id]);
  const { value } = read.loaded;
  if (value.state !== 'ready') return null;
  const { archive, job } = value.value;
  if (job.status === 'failed') return <Problem error={job.error ? new ApiError(job.error.code, job.error.message) : new Error(t.exportFailed)} />;
  if (!archive) return null;
  // Without the token, which ends within the hour: a fresh one is asked for with the click.
  const source = archive.url.split('?')[0]!;
  return (
    <div class="archive">
      <Button look="primary" icon="download" onClick={() => void download(source, 'troupe.zip').catch(() => toast(t.exportFailed))}>{t.download}</Button>
      <p class="field-hint">{t.archiveAbout(Math.max(0.1, Math.round(archive.size / 1e5) / 10), archive.files)}. {t.until(date(archive.expiresAt, 'long'))}</p>
    </div>
  );
}

/** Some actions want a sign-in of the last minutes. */
function Again({ user, onClose, onDone }: { user: Me; onClose: () => void; onDone: () => void }) {
  const t = text();
  const [password, setPassword] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    setBusy(true);
    signIn(user.email, password)
      .then(onDone, (error) => setWrong(signInFailure(error).message))
      .finally(() => setBusy(false));
  };
  return (
    <Dialog title={t.againTitle} onClose={onClose}>
      <p class="lead">{t.againWhy}</p>
      <form class="stack" noValidate onSubmit={submit}>
        <TextField label={t.current} name="password" type="password" autocomplete="current-password" dir="ltr" value={password} onValue={setPassword} error={wrong || undefined} />
        <Button type="submit" look="primary" isBusy={isBusy} disabled={!password}>{t.goOn}</Button>
      </form>
    </Dialog>
  );
}

function Delete({ user, onClose }: { user: Me; onClose: () => void }) {
  const t = text();
  const [password, setPassword] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isMissing, setMissing] = useState(false);
  const { fields, rest } = sorted(error);
  async function remove(): Promise<void> {
    setMissing(!user.isGuest && !password);
    if (!user.isGuest && !password) return;
    setBusy(true);
    setError(null);
    try {
      await api.DELETE('/api/auth/account', { body: user.isGuest ? {} : { password } });
      await signOut();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  }
  return (
    <Confirm title={t.deleteTitle} action={t.delete} isBusy={isBusy} onConfirm={() => void remove()} onClose={onClose}>
      <p>{t.deleteWhy}</p>
      <Problem error={rest} />
      {!user.isGuest && (
        <TextField label={t.current} name="password" type="password" autocomplete="current-password" dir="ltr" value={password} onValue={setPassword} error={isMissing ? t.missing : (fields.currentPassword ?? fields.password)} />
      )}
    </Confirm>
  );
}
