import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../../api/client.ts';
import { answered, keyFor } from '../../../api/idempotency.ts';
import { date } from '../../../i18n/index.ts';
import { go } from '../../../router.ts';
import { useResource } from '../../../state/resource.ts';
import { Button } from '../../../ui/Button.tsx';
import { Confirm, Dialog } from '../../../ui/Dialog.tsx';
import { SelectField, TextField } from '../../../ui/Field.tsx';
import { Empty, Problem } from '../../../ui/States.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { listed, oneOf, query, Rows, useList } from '../../../manage/lists.tsx';
import { common } from '../messages.ts';
import { afterRecentSignIn } from '../recent.ts';
import { text } from './messages.ts';
import { nameOf } from './nameOf.ts';

type User = Schemas['AdminUserView'];
type Action = Schemas['BulkAccounts']['action'];
const STATUSES = ['active', 'expired', 'cancelled', 'past_due', 'suspended'] as const;

export default function Users() {
  const t = text();
  const [search, setSearch] = query('search');
  const [chosenStatus, setStatus] = query('status');
  const [plan, setPlan] = query('plan');
  const [typed, setTyped] = useState(search);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<Action | null>(null);
  const [refused, setRefused] = useState<Schemas['ItemView'][]>([]);
  const [names, setNames] = useState<Record<string, string>>({});
  const status = oneOf(chosenStatus, STATUSES);
  const plans = useResource(async () => (await data(api.GET('/api/admin/plans'))).plans);
  const filter = { ...(status && { status }), ...(plan && { plan }) };
  const users = useList<User>(async (cursor) => {
    if (search) {
      const { data: found, meta } = await page(api.GET('/api/admin/search-users', { params: { query: { search, limit: 50, ...filter } } }));
      return listed(found.users, meta);
    }
    const { data: found, meta } = await page(api.GET('/api/admin/users', { params: { query: { limit: 25, ...filter, ...cursor } } }));
    return listed(found.users, meta);
  }, [search, status, plan]);
  const named = plans.loaded.value.state === 'ready' ? plans.loaded.value.value : [];

  const choose = (user: User) => {
    const now = new Set(chosen);
    if (!now.delete(user.id)) now.add(user.id);
    setNames({ ...names, [user.id]: user.email || nameOf(user) });
    setChosen(now);
  };
  const done = ({ results, job }: Schemas['BulkData']) => {
    setAsked(null);
    setChosen(new Set());
    const kept = results.filter(({ ok }) => !ok);
    setRefused(kept);
    if (job.status !== 'completed') toast(t.working, { label: t.openJobs, run: () => go('/admin/jobs?kind=bulk') });
    else if (kept.length < results.length) toast(t.done(results.length - kept.length));
    users.reload();
  };
  return (
    <AdminPage title={t.title}>
      <div class="filters">
        <form class="filters-search" role="search" onSubmit={(event) => { event.preventDefault(); setSearch(typed.trim()); }}>
          <TextField label={t.search} type="search" dir="auto" maxLength={100} value={typed} onValue={(value) => { setTyped(value); if (!value) setSearch(''); }} />
          <Button type="submit" icon="search">{t.find}</Button>
        </form>
        <SelectField label={t.status} value={status ?? ''} onValue={setStatus} choices={[{ value: '', label: common().all }, ...STATUSES.map((value) => ({ value, label: t[value] }))]} />
        <SelectField label={t.plan} value={plan} onValue={setPlan} choices={[{ value: '', label: common().all }, ...named.map(({ id, name }) => ({ value: id, label: name }))]} />
      </div>
      {chosen.size > 0 && (
        <div class="chosen">
          <p role="status">{t.chosen(chosen.size)}</p>
          <div class="buttons">
            <Button small onClick={() => setAsked('suspend')}>{t.suspend}</Button>
            <Button small onClick={() => setAsked('activate')}>{t.activate}</Button>
            <Button small look="danger" onClick={() => setAsked('delete')}>{t.delete}</Button>
            <Button small look="quiet" onClick={() => setChosen(new Set())}>{t.clear}</Button>
          </div>
        </div>
      )}
      <Rows of={users} empty={<Empty title={t.nobody}>{t.nobodyWhy}</Empty>}>
        {(user) => <Row key={user.id} user={user} isChosen={chosen.has(user.id)} onChoose={() => choose(user)} />}
      </Rows>
      {asked && <Bulk action={asked} ids={[...chosen]} onDone={done} onClose={() => setAsked(null)} />}
      {refused.length > 0 && (
        <Dialog title={t.refused} onClose={() => setRefused([])}>
          <ul class="rows manage-rows">
            {refused.map(({ id, message }) => <li key={id} class="row"><div><p class="row-name" dir="auto">{names[id] ?? id}</p><p class="row-about">{message}</p></div></li>)}
          </ul>
        </Dialog>
      )}
    </AdminPage>
  );
}

function Row({ user, isChosen, onChoose }: { user: User; isChosen: boolean; onChoose: () => void }) {
  const t = text();
  const name = nameOf(user);
  return (
    <li class="row" data-chosen={isChosen || undefined}>
      <label class="row-check">
        <input type="checkbox" checked={isChosen} onChange={onChoose} aria-label={t.choose(name)} />
      </label>
      <div class="row-main">
        <a class="row-name" href={`/admin/users/${user.id}`} dir="auto">{name}</a>
        <p class="row-about">
          {user.isSuspended && <span class="tag" data-status="suspended">{t.suspended}</span>}
          {user.role.name === 'admin' && <span class="tag">{t.admin}</span>}
          {user.isGuest && <span class="tag">{t.guest}</span>}
          {user.email && user.email !== name && <span dir="ltr">{user.email}</span>}
          <span dir="auto">{user.currentSubscription?.name ?? t.noPlan}</span>
          <span>{t.tokensOf(user.tokens)}</span>
          <time dateTime={user.createdAt}>{date(user.createdAt)}</time>
        </p>
      </div>
    </li>
  );
}

function Bulk({ action, ids, onDone, onClose }: { action: Action; ids: string[]; onDone: (answer: Schemas['BulkData']) => void; onClose: () => void }) {
  const t = text();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const act = () => {
    const body = { action, userIds: ids };
    setBusy(true);
    setError(null);
    afterRecentSignIn(() => data(api.POST('/api/admin/users/bulk', { params: { header: { 'Idempotency-Key': keyFor('bulk-users', body) } }, body })))
      .then((answer) => {
        answered('bulk-users');
        onDone(answer);
      })
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return (
    <Confirm title={t[`${action}Title`](ids.length)} action={t[action]} isBusy={isBusy} onConfirm={act} onClose={onClose}>
      <p>{t[`${action}Why`]}</p>
      <Problem error={error} />
    </Confirm>
  );
}
