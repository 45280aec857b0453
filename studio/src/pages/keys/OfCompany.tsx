import type { PageProps } from '../../router.ts';
import { CompanyPage, type Standing } from '../companies/CompanyPage.tsx';
import { memberNames } from '../companies/memberNames.ts';
import { words } from '../companies/words.ts';
import { useResource } from '../../state/resource.ts';
import { Keys, MakeButton, useMaking } from './Keys.tsx';
import { text } from './messages.ts';

export default function OfCompany({ params }: PageProps) {
  return (
    <CompanyPage id={params.id!} title={words().keys} lead={text().leadOfCompany}>
      {(standing) => <All key={standing.company.id} {...standing} />}
    </CompanyPage>
  );
}

function All({ company, role }: Standing) {
  const making = useMaking();
  const people = useResource(() => memberNames(company.id), [company.id]);
  const names = people.loaded.value.state === 'ready' ? people.loaded.value.value : null;
  return (
    <div class="manage-parts">
      {role === 'outside' ? <p class="field-hint">{text().outside}</p> : <div class="buttons"><MakeButton making={making} /></div>}
      <Keys companyId={company.id} making={making} nameOf={(uid) => (names ? (names.get(uid) ?? words().nobody) : '…')} />
    </div>
  );
}
