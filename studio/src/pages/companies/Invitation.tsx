// Where the link of an invitation leads: /invitation#token. What follows # is not sent to servers.
// The token is kept until there is an answer, so that signing in or up comes back to it.
import { useEffect, useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { address, go } from '../../router.ts';
import { me, refresh, signOut, state } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty, Loading, Problem, Skeleton } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './invitation-messages.ts';
import { forgetInvitation, waiting } from './waiting.ts';

export default function Invitation() {
  const token = address.value.hash.slice(1) || waiting().value.token;
  return <Invited key={token} token={token} />;
}

function Invited({ token }: { token: string }) {
  const t = text();
  const found = useResource(async () => {
    if (!token) return null;
    try {
      const look = await data(api.POST('/api/invitations/look', { body: { token } }));
      waiting().value = { token };
      return look;
    } catch (error) {
      if (!(error instanceof ApiError && (error.status === 404 || error.status === 422))) throw error;
      if (waiting().value.token === token) forgetInvitation();
      return null;
    }
  }, [token]);
  const { value } = found.loaded;
  return (
    <Page title={value.state === 'ready' && value.value ? t.titleOf(value.value.company.name) : t.title}>
      <Loading of={found} lines={3}>
        {(look) =>
          look ? (
            <div class="stack">
              <p class="lead">{look.role === 'member' ? t.asMember : t.asAdmin}</p>
              <dl class="facts">
                <div><dt>{t.address}</dt><dd><bdi dir="ltr">{look.address}</bdi></dd></div>
                {me.value?.email && <div><dt>{t.yours}</dt><dd><bdi dir="ltr">{me.value.email}</bdi></dd></div>}
              </dl>
              <Answer token={token} />
            </div>
          ) : (
            <Empty title={t.none} action={<LinkButton href="/companies">{t.companies}</LinkButton>}>{t.noneWhy}</Empty>
          )
        }
      </Loading>
    </Page>
  );
}

/** What somebody can do about it, which depends on who they are. */
function Answer({ token }: { token: string }) {
  const t = text();
  const [busy, setBusy] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isMailed, setMailed] = useState(false);
  const [isUnconfirmed, setUnconfirmed] = useState(me.value?.isVerified === false);
  // The address may be confirmed in another tab.
  useEffect(() => {
    const look = () => {
      if (!document.hidden && state.value === 'in') void refresh();
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  const code = error instanceof ApiError ? error.code : '';
  const run = async (name: string, does: () => Promise<unknown>) => {
    setBusy(name);
    setError(null);
    try {
      await does();
    } catch (caught) {
      setError(caught);
      if (caught instanceof ApiError && caught.code === 'address_not_verified') setUnconfirmed(true);
    }
    setBusy('');
  };
  const accept = () =>
    run('accept', async () => {
      const joined = await data(api.POST('/api/invitations/accept', { body: { token } }));
      forgetInvitation();
      await refresh();
      toast(t.joined(joined.company.name));
      go(`/companies/${joined.company.id}`, { replace: true });
    });
  // Only who has the address can decline for good; everybody else puts the link away.
  const decline = () =>
    run('decline', async () => {
      let isDeclined = false;
      if (me.value?.isVerified) {
        try {
          await api.POST('/api/invitations/decline', { body: { token } });
          isDeclined = true;
        } catch (caught) {
          if (!(caught instanceof ApiError && (caught.status === 403 || caught.status === 404))) throw caught;
        }
      }
      forgetInvitation();
      toast(isDeclined ? t.declined : t.putAway);
      go(state.value === 'in' ? '/companies' : '/', { replace: true });
    });
  if (state.value === 'unknown') return <Skeleton lines={2} />;
  if (state.value !== 'in' || me.value?.isGuest) {
    return (
      <>
        <p>{me.value?.isGuest ? t.guest : t.needAccount}</p>
        <div class="buttons">
          <LinkButton href="/sign-up?to=/invitation" look="primary">{t.signUp}</LinkButton>
          {!me.value?.isGuest && <LinkButton href="/sign-in?to=/invitation">{t.signIn}</LinkButton>}
          <Button look="quiet" isBusy={busy === 'decline'} onClick={() => void decline()}>{t.decline}</Button>
        </div>
      </>
    );
  }
  if (code === 'invitation_for_other_address') {
    return (
      <>
        <p role="alert">{t.other}</p>
        <div class="buttons">
          <Button onClick={() => void signOut()}>{t.signOut}</Button>
          <Button look="quiet" isBusy={busy === 'decline'} onClick={() => void decline()}>{t.decline}</Button>
        </div>
      </>
    );
  }
  const mustConfirm = isUnconfirmed && !me.value?.isVerified;
  return (
    <>
      {mustConfirm && <p role="status">{isMailed ? t.mailed(me.value?.email ?? '') : t.verify}</p>}
      {code !== 'address_not_verified' && <Problem error={error} />}
      <div class="buttons">
        {mustConfirm && !isMailed ? (
          <Button look="primary" isBusy={busy === 'mail'} onClick={() => void run('mail', async () => { await api.POST('/api/auth/verify-email', { body: {} }); setMailed(true); })}>{t.mail}</Button>
        ) : (
          <Button look="primary" isBusy={busy === 'accept'} onClick={() => void accept()}>{t.accept}</Button>
        )}
        <Button look="quiet" isBusy={busy === 'decline'} onClick={() => void decline()}>{t.decline}</Button>
      </div>
    </>
  );
}
