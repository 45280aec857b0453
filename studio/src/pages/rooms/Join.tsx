// By a code, by the password of a private room, or by the link of an invitation, which is /join#token:
// what follows # is not sent to servers, and so is in no log of them.
import { useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { fieldMessages } from '../../api/errors.ts';
import { languageName } from '../../i18n/index.ts';
import { address, go } from '../../router.ts';
import { needSomebody } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Choices, TextField } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty, Loading, Problem } from '../../ui/States.tsx';
import { text } from './messages.ts';
import { ownLanguage, Reads } from './Reads.tsx';
import './rooms.css';

interface Way {
  code?: string;
  invitation?: string;
  roomId?: string;
  password?: string;
}

/** Joins, and opens the room, or calls `onJoined` on its own page. */
export function useJoin(onJoined?: () => void): { join: (way: Way, language: string) => Promise<void>; isBusy: boolean; error: unknown } {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function join(way: Way, language: string): Promise<void> {
    if (isBusy || !(await needSomebody())) return;
    setBusy(true);
    setError(null);
    try {
      const { room } = await data(api.POST('/api/rooms/join', { body: { ...way, language } }));
      if (onJoined) onJoined();
      else go(`/rooms/${room.id}`, { replace: true });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }
  return { join, isBusy, error };
}

export default function Join() {
  const token = address.value.pathname === '/join' ? address.value.hash.slice(1) : null;
  return token === null ? <ByHand /> : <Invited key={token} token={token} />;
}

function ByHand() {
  const t = text();
  const [by, setBy] = useState<'code' | 'password'>('code');
  const [code, setCode] = useState('');
  const [id, setId] = useState('');
  const [password, setPassword] = useState('');
  const [language, setLanguage] = useState('');
  const [missing, setMissing] = useState<Record<string, string>>({});
  const { join, isBusy, error } = useJoin();
  const reads = language || ownLanguage();
  const wrong = { ...fieldMessages(error), ...missing };

  function submit(event: Event): void {
    event.preventDefault();
    const found: Record<string, string> =
      by === 'code'
        ? { ...(!code.trim() && { code: t.codeMissing }) }
        : { ...(!id.trim() && { roomId: t.idMissing }), ...(!password && { password: t.passwordMissing }) };
    setMissing(found);
    const [first] = Object.keys(found);
    if (first) (event.currentTarget as HTMLFormElement).querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus();
    else void join(by === 'code' ? { code: code.trim() } : { roomId: id.trim().split('/').pop()!, password }, reads);
  }

  return (
    <Page title={t.joinTitle} lead={t.joinLead}>
      <form class="stack rooms-form" noValidate onSubmit={submit}>
        <Choices label={t.by} value={by} choices={[{ value: 'code', label: t.byCode }, { value: 'password', label: t.byPassword }]} onValue={(value) => { setBy(value as 'code'); setMissing({}); }} />
        {by === 'code' ? (
          <TextField label={t.code} name="code" value={code} dir="ltr" autocomplete="off" maxLength={20} hint={t.codeHint} error={wrong.code} onValue={setCode} />
        ) : (
          <>
            <TextField label={t.id} name="roomId" value={id} dir="ltr" autocomplete="off" hint={t.idHint} error={wrong.roomId} onValue={setId} />
            <TextField label={t.password} name="password" type="password" autocomplete="off" value={password} dir="ltr" error={wrong.password} onValue={setPassword} />
          </>
        )}
        <Reads value={reads} error={wrong.language} onValue={setLanguage} />
        <Problem error={error} />
        <Button type="submit" look="primary" isBusy={isBusy}>{t.enter}</Button>
      </form>
    </Page>
  );
}

function Invited({ token }: { token: string }) {
  const t = text();
  const [language, setLanguage] = useState('');
  const { join, isBusy, error } = useJoin();
  const room = useResource(async () => (token ? await data(api.POST('/api/rooms/look', { body: { invitation: token } })) : null));
  const known = room.loaded.value;
  const reads = language || ownLanguage();
  return (
    <Page title={known.state === 'ready' && known.value ? t.invitedTo(known.value.name) : t.joinTitle}>
      <Loading of={room}>
        {(found) =>
          found ? (
            <div class="stack rooms-form">
              <p class="row-about">
                <span>{t.members(found.memberCount)}</span>
                <span>{Object.keys(found.languages).map(languageName).join(' · ')}</span>
              </p>
              <Reads value={reads} onValue={setLanguage} />
              <Problem error={error} />
              <Button look="primary" isBusy={isBusy} onClick={() => void join({ invitation: token }, reads)}>{t.enter}</Button>
            </div>
          ) : (
            <Empty title={t.noInvitation} action={<LinkButton href="/rooms/join">{t.join}</LinkButton>}>{t.noInvitationWhy}</Empty>
          )
        }
      </Loading>
    </Page>
  );
}
