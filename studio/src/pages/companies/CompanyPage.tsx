// The frame of the pages of one company. Somebody who has no part in it, or may not see the page, is
// told that there is no such page.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { Sections } from '../../manage/Sections.tsx';
import { failure, isAdmin, me, refresh } from '../../session/session.ts';
import { NotFound } from '../../shell/NotFound.tsx';
import { useResource } from '../../state/resource.ts';
import { Page } from '../../ui/Page.tsx';
import { Failure, Loading, Skeleton } from '../../ui/States.tsx';
import { words } from './words.ts';
import './companies.css';

export type Company = Schemas['CompanyView'];
/** `outside`: an administrator of Troupe who is no member. */
export type Role = 'owner' | 'admin' | 'member' | 'outside';

export interface Standing {
  role: Role;
  company: Company;
  /** Shows what the API has answered. */
  put: (company: Company) => void;
  reload: () => void;
}

interface Props {
  id: string;
  /** The name of the company if it is left out. */
  title?: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children: (standing: Standing) => ComponentChildren;
  /** What members see who do not manage the company; without it, there is no such page for them. */
  forMembers?: (own: Schemas['UserCompanyView']) => ComponentChildren;
}

const isGone = (error: unknown): boolean => error instanceof ApiError && (error.status === 404 || error.status === 403);

export function CompanyPage({ id, title, lead, actions, children, forMembers }: Props) {
  const t = words();
  const own = me.value?.companies.find((each) => each.id === id);
  const [isSure, setSure] = useState(false);
  const role: Role | null = own?.role ?? (isAdmin.value ? 'outside' : null);
  const manages = role !== null && role !== 'member';
  // They may have joined in another tab, or been removed; the API says so to those who manage.
  useEffect(() => {
    if (!own || own.role === 'member') void refresh().then(() => setSure(true));
  }, [id]);
  const found = useResource(async () => (manages ? (await data(api.GET('/api/companies/{companyId}', { params: { path: { companyId: id } } }))).company : null), [id, manages]);
  const { value } = found.loaded;
  if (!role) {
    if (!isSure) return <div class="page"><Skeleton lines={5} /></div>;
    return me.value ? <NotFound /> : <Page title={t.sections}><Failure error={failure.value} onRetry={() => void refresh()} /></Page>;
  }
  if ((!manages && !forMembers) || (value.state === 'failed' && isGone(value.error))) return <NotFound />;
  const known = value.state === 'ready' ? value.value : null;
  const name = known?.name ?? own?.name ?? '';
  const base = `/companies/${id}`;
  const sections: [string, string][] = [
    [base, name],
    ...(['people', 'licenses', 'money', 'dashboard', 'reviews', 'keys', 'webhooks', 'settings'] as const)
      .filter((each) => manages || each === 'reviews')
      .map((each): [string, string] => [`${base}/${each}`, t[each]]),
  ];
  return (
    <Sections label={t.sections} sections={sections} title={title ?? name} lead={lead} actions={manages ? actions : undefined}>
      {manages || !own ? (
        <Loading of={found} lines={6}>
          {(company) => company && children({ role, company, put: (changed) => found.change(() => changed), reload: found.reload })}
        </Loading>
      ) : (
        forMembers?.(own)
      )}
    </Sections>
  );
}
