// The pages of webhooks: a person's own and a company's, all of them and each.
import { useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import type { PageProps } from '../../router.ts';
import { me } from '../../session/session.ts';
import { NotFound } from '../../shell/NotFound.tsx';
import { useResource, type Resource } from '../../state/resource.ts';
import { LinkButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { isThere } from '../../ui/removal.ts';
import { Empty, Loading } from '../../ui/States.tsx';
import { CompanyPage } from '../companies/CompanyPage.tsx';
import { Hook } from './Hook.tsx';
import { Hooks, MakeButton } from './Hooks.tsx';
import { text } from './messages.ts';
import '../../manage/manage.css';
import './webhooks.css';

export default function Webhooks({ params: { id, hook } }: PageProps) {
  if (hook) return <One id={hook} companyId={id} />;
  return id ? <OfCompany id={id} /> : <Own />;
}

function Own() {
  const t = text();
  const [isMaking, setMaking] = useState(false);
  const isGuest = me.value?.isGuest ?? false;
  return (
    <div class="manage">
      <Page title={t.title} lead={t.lead} actions={!isGuest && <MakeButton onClick={() => setMaking(true)} />}>
        {isGuest ? (
          <Empty title={t.empty} action={<LinkButton href="/sign-up?to=/account/webhooks" look="primary">{t.account}</LinkButton>}>{t.guest}</Empty>
        ) : (
          <Hooks base="/account/webhooks" isMaking={isMaking} setMaking={setMaking} />
        )}
      </Page>
    </div>
  );
}

function OfCompany({ id }: { id: string }) {
  const t = text();
  const [isMaking, setMaking] = useState(false);
  return (
    <CompanyPage id={id} title={t.title} lead={t.leadOfCompany} actions={<MakeButton onClick={() => setMaking(true)} />}>
      {() => <Hooks companyId={id} base={`/companies/${id}/webhooks`} isMaking={isMaking} setMaking={setMaking} />}
    </CompanyPage>
  );
}

type View = Parameters<typeof Hook>[0]['of'];

/** Its address is the title, once it is known. */
function One({ id, companyId }: { id: string; companyId: string | undefined }) {
  const resource = useResource(async () => (await data(api.GET('/api/webhooks/{webhookId}', { params: { path: { webhookId: id } } }))).webhook, [id]);
  const { value } = resource.loaded;
  const isWrong = value.state === 'ready' ? (value.value.companyId ?? undefined) !== companyId || !isThere(value.value) : value.state === 'failed' && value.error instanceof ApiError && value.error.status === 404;
  if (isWrong) return <NotFound />;
  const title = value.state === 'ready' ? value.value.url.replace(/^https?:\/\//, '') : text().webhook;
  const shown = <Shown of={resource} base={companyId ? `/companies/${companyId}/webhooks` : '/account/webhooks'} />;
  if (companyId) return <CompanyPage id={companyId} title={title}>{() => shown}</CompanyPage>;
  return <div class="manage"><Page title={title}>{shown}</Page></div>;
}

function Shown({ of: resource, base }: { of: Resource<View>; base: string }) {
  return <Loading of={resource} lines={6}>{(hook) => <Hook of={hook} base={base} resource={resource} />}</Loading>;
}
