import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../api/client.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { FormDialog } from '../../manage/FormDialog.tsx';
import { listed, Rows, useList } from '../../manage/lists.tsx';
import '../../manage/manage.css';
import { go } from '../../router.ts';
import { me, refresh } from '../../session/session.ts';
import { draft, dropDraft } from '../../state/drafts.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty } from '../../ui/States.tsx';
import { Face } from './Face.tsx';
import { ForYou } from './ForYou.tsx';
import { text } from './list-messages.ts';
import { waiting } from './waiting.ts';
import { words } from './words.ts';
import './companies.css';

type Listed = Schemas['ListedCompany'];

export default function Companies() {
  const t = text();
  const [isFounding, setFounding] = useState(false);
  const isGuest = me.value?.isGuest ?? false;
  const list = useList(async (cursor) => {
    const { data: found, meta } = await page(api.GET('/api/companies', { params: { query: { limit: 25, ...cursor } } }));
    return listed(found.companies, meta);
  });
  const found = <Button look="primary" icon="add" onClick={() => setFounding(true)}>{t.found}</Button>;
  return (
    <div class="manage">
      <Page title={t.title} lead={t.lead} actions={!isGuest && found}>
        {waiting().value.token && (
          <div class="notice">
            <p>{t.waits}</p>
            <LinkButton href="/invitation" small>{t.look}</LinkButton>
          </div>
        )}
        {isGuest ? (
          <Empty title={t.empty} action={<LinkButton href="/sign-up?to=/companies" look="primary">{t.account}</LinkButton>}>{t.guest}</Empty>
        ) : (
          <>
            <ForYou />
            <Rows of={list} empty={<Empty title={t.empty}>{t.emptyWhy}</Empty>}>{(company) => <Row key={company.id} company={company} />}</Rows>
          </>
        )}
        {isFounding && <Found onClose={() => setFounding(false)} />}
      </Page>
    </div>
  );
}

function Row({ company }: { company: Listed }) {
  const t = words();
  const { role, seats, status } = company;
  return (
    <li class="row">
      <Face {...company} />
      <div class="row-main">
        <a class="row-name" href={`/companies/${company.id}`} dir="auto">{company.name}</a>
        <p class="row-about">
          {role && <span>{t[role]}</span>}
          {status !== 'active' && <span class="tag" data-status={status === 'past_due' ? 'overdue' : status}>{t[status]}</span>}
          {company.memberCount !== null && <span>{t.members(company.memberCount)}</span>}
          {seats && seats.total > 0 && <span>{text().seats}: {t.of(seats.assigned, seats.total)}</span>}
          {role === 'member' && company.licenseType && <span>{t[company.licenseType]}</span>}
        </p>
      </div>
    </li>
  );
}

const DRAFT = 'company';

function Found({ onClose }: { onClose: () => void }) {
  const t = text();
  const form = draft(DRAFT, { name: '' });
  const save = async () => {
    const body = { name: form.value.name.trim() };
    const { company } = await data(api.POST('/api/companies', { params: { header: { 'Idempotency-Key': keyFor(DRAFT, body) } }, body }));
    answered(DRAFT);
    await refresh(); // whose companies these are
    return company.id;
  };
  return (
    <FormDialog title={t.found} action={t.make} save={save} onClose={onClose} onSaved={(id) => { dropDraft(DRAFT); go(`/companies/${id}`); }}>
      {(wrong) => <TextField label={t.name} name="name" dir="auto" autocomplete="organization" maxLength={200} hint={t.nameHint} value={form.value.name} error={wrong.name} onValue={(name) => { form.value = { name }; }} />}
    </FormDialog>
  );
}
