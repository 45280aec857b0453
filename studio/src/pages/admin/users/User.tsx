import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../../api/client.ts';
import { fieldMessages } from '../../../api/errors.ts';
import { date, number } from '../../../i18n/index.ts';
import { go, type PageProps } from '../../../router.ts';
import { draft } from '../../../state/drafts.ts';
import { useResource } from '../../../state/resource.ts';
import { Button, LinkButton } from '../../../ui/Button.tsx';
import { Confirm } from '../../../ui/Dialog.tsx';
import { SelectField, TextField } from '../../../ui/Field.tsx';
import { Failure, Problem, Skeleton } from '../../../ui/States.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { common } from '../messages.ts';
import { afterRecentSignIn } from '../recent.ts';
import { text } from './messages.ts';
import { nameOf } from './nameOf.ts';

type Details = Schemas['AdminUserDetails'];
type Change = Schemas['UpdateUserBody'];

const update = (userId: string, body: Change) => data(api.PUT('/api/admin/users/{userId}', { params: { path: { userId } }, body }));

export default function User({ params }: PageProps) {
  const userId = params.id!;
  const t = text();
  const read = useResource(async () => (await data(api.GET('/api/admin/users/{userId}', { params: { path: { userId } } }))).user, [userId]);
  const { value } = read.loaded;
  if (value.state === 'loading') return <AdminPage title={t.title}><Skeleton lines={6} /></AdminPage>;
  if (value.state === 'failed') return <AdminPage title={t.title}><Failure error={value.error} onRetry={read.reload} /></AdminPage>;
  const user = value.value;
  const facts: [string, string][] = [
    ...(user.email ? [[t.email, user.email] as [string, string]] : []),
    ...(user.email ? [[t.verified, user.isVerified ? t.isVerified : t.notVerified] as [string, string]] : []),
    [t.role, user.isGuest ? t.guest : t[user.role.name]],
    [t.status, t[user.status]],
    [t.plan, user.currentSubscription?.name ?? t.noPlan],
    ...(user.expiryDate ? [[t.planEnds, date(user.expiryDate, 'long')] as [string, string]] : []),
    [t.sessions, number(user.sessions)],
    [t.joined, date(user.createdAt, 'long')],
  ];
  return (
    <AdminPage title={nameOf(user)}>
      <div class="manage-two">
        <section>
          <h2>{t.account}</h2>
          <dl class="facts">{facts.map(([name, fact]) => <div key={name}><dt>{name}</dt><dd dir="auto">{fact}</dd></div>)}</dl>
          <div class="buttons">
            <LinkButton small href={`/admin/jobs?user=${user.id}`}>{t.jobs}</LinkButton>
            <LinkButton small href={`/admin/payments?owner=${user.id}`}>{t.payments}</LinkButton>
            <LinkButton small href={`/admin/audit?target=users/${user.id}`}>{t.log}</LinkButton>
          </div>
        </section>
        <div>
          <Edit key={user.updatedAt} user={user} onSaved={read.reload} />
          <Access user={user} onChanged={read.reload} />
        </div>
      </div>
    </AdminPage>
  );
}

/** Numbers are kept as they are typed. */
interface Typed {
  plan?: string;
  tokens?: string;
  voiceMinutes?: string;
  role?: string;
}

function Edit({ user, onSaved }: { user: Details; onSaved: () => void }) {
  const t = text();
  const typed = draft<Typed>(`admin-user-${user.id}`, {});
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const plans = useResource(async () => (await data(api.GET('/api/admin/plans'))).plans);
  const offered = plans.loaded.value.state === 'ready' ? plans.loaded.value.value.map(({ id, name }) => ({ value: id, label: name })) : [];
  const own = { value: user.plan ?? '', label: user.currentSubscription?.name ?? user.plan ?? t.noPlan };
  const choices = offered.some(({ value }) => value === own.value) ? offered : [own, ...offered];
  const set = (change: Typed) => (typed.value = { ...typed.value, ...change });
  const { plan = user.plan ?? '', tokens = String(user.tokens), voiceMinutes = String(user.availableMinutes), role = user.role.name } = typed.value;
  const body: Change = {
    ...(plan && plan !== user.plan && { plan }),
    ...(tokens.trim() && tokens !== String(user.tokens) && { tokens: Number(tokens) }),
    ...(voiceMinutes.trim() && voiceMinutes !== String(user.availableMinutes) && { voiceMinutes: Number(voiceMinutes) }),
    ...(role !== user.role.name && { role: role === 'admin' ? ('admin' as const) : ('user' as const) }),
  };
  const wrong = fieldMessages(error);
  const save = (event: Event) => {
    event.preventDefault();
    if (isBusy || Object.keys(body).length === 0) return;
    setBusy(true);
    setError(null);
    update(user.id, body)
      .then(() => {
        typed.value = {};
        toast(common().saved);
        onSaved();
      }, setError)
      .finally(() => setBusy(false));
  };
  return (
    <section class="form">
      <h2>{t.change}</h2>
      <form class="form" noValidate onSubmit={save}>
        <SelectField label={t.plan} value={plan} onValue={(value) => set({ plan: value })} error={wrong.plan} choices={choices} />
        <div class="form-pair">
          <TextField label={t.tokens} type="number" min={0} step={1} value={tokens} onValue={(value) => set({ tokens: value })} error={wrong.tokens} hint={user.heldTokens ? t.held(user.heldTokens) : undefined} />
          <TextField label={t.minutes} type="number" min={0} step={1} value={voiceMinutes} onValue={(value) => set({ voiceMinutes: value })} error={wrong.voiceMinutes} hint={user.heldMinutes ? t.held(user.heldMinutes) : undefined} />
        </div>
        {!user.isGuest && <SelectField label={t.role} value={role} onValue={(value) => set({ role: value })} error={wrong.role} choices={[{ value: 'user', label: t.user }, { value: 'admin', label: t.admin }]} />}
        <Problem error={error} />
        <div class="buttons"><Button type="submit" look="primary" isBusy={isBusy} disabled={Object.keys(body).length === 0}>{common().save}</Button></div>
        <p class="field-hint">{t.changeHint}</p>
      </form>
    </section>
  );
}

function Access({ user, onChanged }: { user: Details; onChanged: () => void }) {
  const t = text();
  const [asked, setAsked] = useState<'suspend' | 'delete' | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const name = nameOf(user);
  const run = (act: () => Promise<unknown>, then: () => void) => {
    setBusy(true);
    setError(null);
    act()
      .then(() => {
        setAsked(null);
        then();
      }, setError)
      .finally(() => setBusy(false));
  };
  // Sets the state instead of toggling it: two administrators who suspend somebody at once do not
  // undo each other's work.
  const setSuspended = (isSuspended: boolean) =>
    run(
      () => update(user.id, { status: isSuspended ? 'suspended' : 'active' }),
      () => {
        toast(isSuspended ? t.isSuspended(name) : t.isActive(name), isSuspended ? { label: t.undo, run: () => setSuspended(false) } : undefined);
        onChanged();
      },
    );
  const remove = () =>
    run(
      () => afterRecentSignIn(() => data(api.DELETE('/api/admin/users/{userId}', { params: { path: { userId: user.id } } }))),
      () => {
        toast(t.deleted(name));
        go('/admin/users');
      },
    );
  return (
    <section class="form">
      <h2>{t.access}</h2>
      {!asked && <Problem error={error} />}
      <div class="buttons">
        {user.isSuspended ? (
          <Button isBusy={isBusy} onClick={() => setSuspended(false)}>{t.activate}</Button>
        ) : (
          <Button onClick={() => { setError(null); setAsked('suspend'); }}>{t.suspend}</Button>
        )}
        <Button look="danger" icon="delete" onClick={() => { setError(null); setAsked('delete'); }}>{t.delete}</Button>
      </div>
      {asked && (
        <Confirm title={t[`${asked}Title`](1)} action={t[asked]} isBusy={isBusy} onClose={() => setAsked(null)} onConfirm={() => (asked === 'suspend' ? setSuspended(true) : remove())}>
          <p class="row-name" dir="auto">{name}</p>
          <p>{t[`${asked}Why`]}</p>
          <Problem error={error} />
        </Confirm>
      )}
    </section>
  );
}
