// The invitations of one's own address. They need no link: whose address it is has been confirmed.
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { date } from '../../i18n/index.ts';
import { go } from '../../router.ts';
import { me, refresh } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { isThere, remove } from '../../ui/removal.ts';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { Face } from './Face.tsx';
import { text } from './list-messages.ts';
import { forgetInvitation } from './waiting.ts';

type Own = Schemas['OwnInvitationView'];

const keyOf = ({ company, createdAt }: Own): string => `${company.id} ${createdAt}`;

export function ForYou() {
  const t = text();
  const user = me.value;
  const userId = user?.id ?? '';
  const isConfirmed = user?.isVerified ?? false;
  const found = useResource(async () => (isConfirmed ? (await data(api.GET('/api/users/{userId}/invitations', { params: { path: { userId } } }))).invitations : []), [userId, isConfirmed]);
  if (user && !isConfirmed) {
    // Who has companies knows their way; nobody needs to be told on every visit.
    return user.companies.length > 0 ? null : (
      <div class="notice">
        <p>{t.unconfirmed}</p>
        <LinkButton href="/account" small>{t.toAccount}</LinkButton>
      </div>
    );
  }
  const { value } = found.loaded;
  if (value.state === 'failed') return <Problem error={value.error}><Button small onClick={found.reload}>{t.again}</Button></Problem>;
  const own = value.state === 'ready' ? value.value.filter((each) => isThere({ id: keyOf(each) })) : [];
  if (own.length === 0) return null;
  return (
    <section class="for-you">
      <h2>{t.invitations}</h2>
      <ul class="rows manage-rows">{own.map((each) => <Row key={keyOf(each)} own={each} />)}</ul>
      <h2>{t.yours}</h2>
    </section>
  );
}

function Row({ own }: { own: Own }) {
  const t = text();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { company } = own;
  const accept = async () => {
    setBusy(true);
    setError(null);
    try {
      await api.POST('/api/invitations/accept', { body: { companyId: company.id } });
      forgetInvitation();
      await refresh();
      toast(t.joined(company.name));
      go(`/companies/${company.id}`);
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  const decline = () =>
    remove(keyOf(own), { removed: t.declined(company.name), notRemoved: t.notDeclined }, async () => {
      await api.POST('/api/invitations/decline', { body: { companyId: company.id } });
    });
  return (
    <li class="row">
      <Face {...company} />
      <div class="row-main">
        <p class="row-name" dir="auto">{company.name}</p>
        <p class="row-about">
          <span>{own.role === 'member' ? t.asMember : t.asAdmin}</span>
          {own.withLicense && <span>{t.withLicense}</span>}
          <span>{t.until(date(own.expiresAt))}</span>
        </p>
        <Problem error={error} />
      </div>
      <div class="row-buttons">
        <Button small isBusy={isBusy} label={t.acceptOf(company.name)} onClick={() => void accept()}>{t.accept}</Button>
        <Button small look="quiet" label={t.declineOf(company.name)} onClick={decline}>{t.decline}</Button>
      </div>
    </li>
  );
}
