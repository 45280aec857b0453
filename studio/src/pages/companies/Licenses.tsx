import { useState } from 'preact/hooks';
import { api, data, page } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { date, number } from '../../i18n/index.ts';
import { Figures } from '../../manage/Chart.tsx';
import { FormDialog } from '../../manage/FormDialog.tsx';
import { listed, oneOf, query, Rows, useList } from '../../manage/lists.tsx';
import type { PageProps } from '../../router.ts';
import { refresh } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { Empty, Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { CompanyPage, type Standing } from './CompanyPage.tsx';
import type { License } from './free.ts';
import { text } from './license-messages.ts';
import { memberNames } from './memberNames.ts';
import { words } from './words.ts';

const STATES = ['active', 'inactive', 'suspended', 'expired'] as const;
const TYPES = ['standard', 'premium', 'enterprise'] as const;

export default function Licenses({ params }: PageProps) {
  const t = text();
  const id = params.id!;
  return (
    <CompanyPage id={id} title={words().licenses} lead={t.lead} actions={<LinkButton href={`/companies/${id}/money`} look="primary" icon="add">{t.more}</LinkButton>}>
      {(standing) => <All key={id} {...standing} />}
    </CompanyPage>
  );
}

function All({ company, reload }: Standing) {
  const t = text();
  const [chosenState, setState] = query('status');
  const [chosenType, setType] = query('type');
  const [chosenUse, setUse] = query('use');
  const status = oneOf(chosenState, STATES);
  const type = oneOf(chosenType, TYPES);
  const use = oneOf(chosenUse, ['assigned', 'free'] as const);
  const [given, give] = useState<License | null>(null);
  const [error, setError] = useState<unknown>(null);
  const list = useList(async (cursor) => {
    const asked = { companyId: company.id, limit: 25, ...(status && { status }), ...(type && { type }), ...(use && { assigned: use === 'assigned' }), ...cursor };
    const { data: found, meta } = await page(api.GET('/api/licenses', { params: { query: asked } }));
    return listed(found.licenses, meta);
  }, [status, type, use]);
  const people = useResource(() => memberNames(company.id), [company.id]);
  const names = people.loaded.value.state === 'ready' ? people.loaded.value.value : null;
  const nameOf = (uid: string) => (names ? (names.get(uid) ?? words().nobody) : '…');
  const changed = (license: License) => {
    list.replace(license, (each) => each.id === license.id);
    reload();
    void refresh(); // one's own may have changed
  };
  const assign = (license: License, userId: string) =>
    data(api.PUT('/api/licenses/{licenseId}/assign', { params: { path: { licenseId: license.id } }, body: { userId } })).then((answer) => changed(answer.license), setError);
  const take = (license: License) => {
    setError(null);
    const userId = license.userId!;
    data(api.PUT('/api/licenses/{licenseId}/unassign', { params: { path: { licenseId: license.id } } })).then((answer) => {
      changed(answer.license);
      toast(t.taken(nameOf(userId)), { label: t.giveBack, run: () => void assign(license, userId) });
    }, setError);
  };
  const { seats } = company;
  const figures: [string, string][] = [[t.total, number(seats.total)], [t.inUse, number(seats.assigned)], [t.isFree, number(seats.free)]];
  if (seats.held) figures.push([t.isHeld, number(seats.held)]);
  const isFiltered = status || type || use;
  return (
    <div class="manage-parts">
      <section><Figures figures={figures} /></section>
      <section>
        <div class="filters">
          <SelectField label={t.status} value={status ?? ''} choices={[{ value: '', label: words().all }, ...STATES.map((value) => ({ value: value as string, label: words()[value] }))]} onValue={setState} />
          <SelectField label={t.type} value={type ?? ''} choices={[{ value: '', label: words().all }, ...TYPES.map((value) => ({ value: value as string, label: words()[value] }))]} onValue={setType} />
          <SelectField label={t.use} value={use ?? ''} choices={[{ value: '', label: words().all }, { value: 'assigned', label: t.assigned }, { value: 'free', label: t.free }]} onValue={setUse} />
        </div>
        <Problem error={error} />
        <Rows of={list} empty={isFiltered ? <Empty title={t.nothing}>{t.nothingWhy}</Empty> : <Empty title={t.empty}>{t.emptyWhy}</Empty>}>
          {(license) => <Row key={license.id} license={license} name={license.userId ? nameOf(license.userId) : ''} onGive={() => give(license)} onTake={() => take(license)} />}
        </Rows>
      </section>
      {given && (
        <Give
          license={given}
          companyId={company.id}
          onClose={() => give(null)}
          onGiven={(license, name) => {
            give(null);
            changed(license);
            toast(t.given(name));
          }}
        />
      )}
    </div>
  );
}

function Row({ license, name, onGive, onTake }: { license: License; name: string; onGive: () => void; onTake: () => void }) {
  const t = text();
  const { status, callsPerMonth, expiresAt } = license;
  const isUsable = status === 'active' && !license.assigned && !license.held;
  return (
    <li class="row">
      <div class="row-main">
        <p class="row-name">{words()[license.type]}</p>
        <p class="row-about">
          {status !== 'active' && <span class="tag" data-status={status}>{words()[status]}</span>}
          {license.assigned ? <strong dir="auto">{name}</strong> : <span>{license.held ? t.held : t.free}</span>}
          {license.assignedAt && <span>{t.since(date(license.assignedAt))}</span>}
          {callsPerMonth !== null ? <span>{t.calls(license.callsUsed, callsPerMonth)}</span> : license.totalCalls > 0 && <span>{t.someCalls(license.totalCalls)}</span>}
          {expiresAt && <span>{license.autoRenew ? t.renews(date(expiresAt)) : t.until(date(expiresAt))}</span>}
          <span>{license.source === 'stripe' ? t.paid : t.gift}</span>
        </p>
      </div>
      <div class="row-buttons">
        {isUsable && <Button small label={t.giveOf(words()[license.type])} onClick={onGive}>{t.give}</Button>}
        {license.assigned && <Button small look="quiet" label={t.takeOf(name)} onClick={onTake}>{t.take}</Button>}
      </div>
    </li>
  );
}

function Give({ license, companyId, onClose, onGiven }: { license: License; companyId: string; onClose: () => void; onGiven: (license: License, name: string) => void }) {
  const t = text();
  const [chosen, choose] = useState('');
  const without = useResource(async () => (await data(api.GET('/api/companies/{companyId}/members', { params: { path: { companyId }, query: { license: 'none', status: 'active', sort: 'name', limit: 100 } } }))).members, [companyId]);
  const found = without.loaded.value.state === 'ready' ? without.loaded.value.value : [];
  const member = found.find((each) => each.userId === chosen) ?? found[0];
  const save = async () => {
    if (!member) throw new ApiError('nobody_left', t.everybody);
    return data(api.PUT('/api/licenses/{licenseId}/assign', { params: { path: { licenseId: license.id } }, body: { userId: member.userId } }));
  };
  return (
    <FormDialog title={t.giveOf(words()[license.type])} action={t.give} save={save} onClose={onClose} onSaved={(answer) => onGiven(answer.license, member ? member.name || member.email : '')}>
      {(wrong) => (
        <Loading of={without} lines={1}>
          {(members) =>
            members.length === 0 ? <p>{t.everybody}</p> : <SelectField label={t.to} value={member!.userId} error={wrong.userId} choices={members.map((each) => ({ value: each.userId, label: each.name ? `${each.name} · ${each.email}` : each.email }))} onValue={choose} />
          }
        </Loading>
      )}
    </FormDialog>
  );
}
