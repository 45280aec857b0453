import { useState } from 'preact/hooks';
import { api, page, type Schemas } from '../../../api/client.ts';
import { ago, date } from '../../../i18n/index.ts';
import { go } from '../../../router.ts';
import { Button } from '../../../ui/Button.tsx';
import { TextField } from '../../../ui/Field.tsx';
import { Empty } from '../../../ui/States.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { listed, query, Rows, useList } from '../../../manage/lists.tsx';
import { text } from './messages.ts';

type Entry = Schemas['AuditEntryView'];

export default function Audit() {
  const t = text();
  const [target] = query('target');
  const [actor] = query('actor');
  const [typed, setTyped] = useState({ target, actor });
  const entries = useList<Entry>(async (cursor) => {
    const filter = { ...(target && { target }), ...(actor && { actor }) };
    const { data: found, meta } = await page(api.GET('/api/admin/audit', { params: { query: { limit: 25, ...filter, ...cursor } } }));
    return listed(found.entries, meta);
  }, [target, actor]);
  const filter = (event: Event) => {
    event.preventDefault();
    const chosen = Object.entries(typed).map(([name, value]) => [name, value.trim()] as [string, string]).filter(([, value]) => value);
    go(`/admin/audit?${new URLSearchParams(chosen)}`, { replace: true });
  };
  return (
    <AdminPage title={t.title} lead={t.lead}>
      <form class="filters" onSubmit={filter}>
        <TextField label={t.target} hint={t.targetHint} dir="ltr" value={typed.target} onValue={(value) => setTyped({ ...typed, target: value })} />
        <TextField label={t.actor} hint={'\u00a0'} dir="ltr" value={typed.actor} onValue={(value) => setTyped({ ...typed, actor: value })} />
        <div class="filters-go"><Button type="submit">{t.show}</Button></div>
      </form>
      <Rows of={entries} empty={<Empty title={t.none}>{t.noneWhy}</Empty>}>
        {(entry) => (
          <li key={entry.id} class="row">
            <div class="row-main">
              <p class="row-name" dir="ltr">{entry.operation}</p>
              <p class="row-about">
                <a href={`/admin/users/${entry.actorId}`} dir="ltr">{entry.actorEmail || t.operator}</a>
                <Target target={entry.target} />
                <time dateTime={entry.at} title={date(entry.at, 'long')}>{ago(entry.at)}</time>
                {entry.requestId && <span class="failure-id">{t.request(entry.requestId)}</span>}
              </p>
            </div>
            <Changes before={entry.before} after={entry.after} />
          </li>
        )}
      </Rows>
    </AdminPage>
  );
}

function Target({ target }: { target: string }) {
  const [kind, id] = target.split('/');
  return kind === 'users' && id ? <a href={`/admin/users/${id}`} dir="ltr">{target}</a> : <span dir="ltr">{target}</span>;
}

const shown = (value: unknown, nothing: string): string =>
  value === undefined || value === null || value === '' ? nothing : typeof value === 'object' ? JSON.stringify(value) : String(value);

function Changes({ before, after }: { before: Record<string, unknown>; after: Record<string, unknown> }) {
  const t = text();
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => shown(before[name], '') !== shown(after[name], ''));
  if (names.length === 0) return null;
  return (
    <details class="row-detail">
      <summary>{t.changes}</summary>
      <dl class="changes" dir="ltr">
        {names.map((name) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <del><span class="visually-hidden">{t.from} </span>{shown(before[name], t.nothing)}</del>{' → '}
              <ins><span class="visually-hidden">{t.to} </span>{shown(after[name], t.nothing)}</ins>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
