// The links and codes that still let people in.
import { useState } from 'preact/hooks';
import { api, page, type Schemas } from '../../api/client.ts';
import { date } from '../../i18n/index.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './manage-messages.ts';

type Invitation = Schemas['RoomInvitationView'];

export function Invitations({ roomId }: { roomId: string }) {
  const t = text();
  const listed = useResource(async () => (await page(api.GET('/api/rooms/{roomId}/invitations', { params: { path: { roomId }, query: { limit: 100 } } }))).data.invitations, [roomId]);
  return (
    <section class="stack">
      <h2>{t.invitations}</h2>
      <Loading of={listed} lines={2}>
        {(all) => {
          const valid = all.filter((each) => Date.parse(each.expiresAt) > Date.now());
          if (valid.length === 0) return <p class="field-hint">{t.noInvitations}</p>;
          return (
            <ul class="rows rooms-members">
              {valid.map((each) => <Row key={each.id} roomId={roomId} invitation={each} onGone={() => listed.change((left) => left.filter(({ id }) => id !== each.id))} />)}
            </ul>
          );
        }}
      </Loading>
    </section>
  );
}

function Row({ roomId, invitation, onGone }: { roomId: string; invitation: Invitation; onGone: () => void }) {
  const t = text();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const revoke = () => {
    setBusy(true);
    setError(null);
    api.DELETE('/api/rooms/{roomId}/invitations/{invitationId}', { params: { path: { roomId, invitationId: invitation.id } } }).then(
      () => {
        toast(t.revoked);
        onGone();
      },
      (failure: unknown) => {
        setError(failure);
        setBusy(false);
      },
    );
  };
  return (
    <li class="row rooms-invitation">
      <div class="row-main">
        <span class="row-title">{t[invitation.kind]}</span>
        <p class="row-about">
          {invitation.email && <span dir="ltr">{invitation.email}</span>}
          <span>{t.uses(invitation.uses)}</span>
          <span>{t.until(date(invitation.expiresAt, 'long'))}</span>
        </p>
        <Problem error={error} />
      </div>
      <Button small isBusy={isBusy} onClick={revoke}>{t.revoke}</Button>
    </li>
  );
}
