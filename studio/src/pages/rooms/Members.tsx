// Who is in a room, and what those who moderate it can do about it.
import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../api/client.ts';
import { date } from '../../i18n/index.ts';
import { me } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './manage-messages.ts';

type Member = Schemas['ListedMemberView'];
/** `isBanned`: since this page is open. The API lists nobody who is banned. */
type Listed = Member & { isBanned?: boolean };
type Ending = 'remove' | 'ban';

const HOUR = 3600_000;

/** All of them: a room has at most 500. */
export async function everybody(roomId: string): Promise<Member[]> {
  const found: Member[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = { limit: 100, ...(cursor && { cursor }) };
    const { data, meta } = await page(api.GET('/api/rooms/{roomId}/members', { params: { path: { roomId }, query } }));
    found.push(...data.members);
    if (!meta.nextCursor) return found;
    cursor = meta.nextCursor;
  }
}

export function Members({ roomId, isOwner }: { roomId: string; isOwner: boolean }) {
  const t = text();
  const listed = useResource<Listed[]>(() => everybody(roomId), [roomId]);
  const put = (changed: Listed) => listed.change((members) => members.map((each) => (each.userId === changed.userId ? changed : each)));
  return (
    <section class="stack">
      <h2>{t.members}</h2>
      <Loading of={listed} lines={4}>
        {(members) => (
          <ul class="rows rooms-members">
            {members.map((member) => (
              <Row
                key={member.userId}
                roomId={roomId}
                member={member}
                isOwner={isOwner}
                onChange={put}
                onGone={() => listed.change((all) => all.filter((each) => each !== member))}
              />
            ))}
          </ul>
        )}
      </Loading>
    </section>
  );
}

function Row({ roomId, member, isOwner, onChange, onGone }: { roomId: string; member: Listed; isOwner: boolean; onChange: (member: Listed) => void; onGone: () => void }) {
  const t = text();
  const isMe = member.userId === me.value?.id;
  const isMuted = member.mutedUntil !== null && Date.parse(member.mutedUntil) > Date.now();
  const isManageable = !isMe && member.role !== 'owner' && (isOwner || member.role === 'member');
  return (
    <li class="row rooms-row">
      <div class="row-main">
        <span class="row-title" dir="auto">{member.name}</span>
        <p class="row-about">
          {isMe && <span>{t.you}</span>}
          <span class="tag">{member.isBanned ? t.banned : t[member.role]}</span>
          {member.guest && <span>{t.guest}</span>}
          {member.online && !member.isBanned && <span>{t.here}</span>}
          {isMuted && <span>{t.muted(date(member.mutedUntil!, 'long'))}</span>}
        </p>
        {isManageable && <Manage roomId={roomId} member={member} isMuted={isMuted} isOwner={isOwner} onChange={onChange} onGone={onGone} />}
      </div>
    </li>
  );
}

function Manage({ roomId, member, isMuted, isOwner, onChange, onGone }: { roomId: string; member: Listed; isMuted: boolean; isOwner: boolean; onChange: (member: Listed) => void; onGone: () => void }) {
  const t = text();
  const [asked, setAsked] = useState<Ending | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const params = { path: { roomId, userId: member.userId } };
  const run = (does: () => Promise<unknown>) => {
    if (isBusy) return;
    setBusy(true);
    setError(null);
    does()
      .then(() => setAsked(null), setError)
      .finally(() => setBusy(false));
  };
  const set = (body: Schemas['SetMember'], told?: string) =>
    run(async () => {
      const saved = await data(api.PUT('/api/rooms/{roomId}/members/{userId}', { params, body }));
      onChange({ ...member, ...saved.member });
      if (told) toast(told);
    });
  const mute = (ms: number) => set({ mutedUntil: new Date(Date.now() + ms).toISOString() });
  const end = (ending: Ending) =>
    run(async () => {
      await api.DELETE('/api/rooms/{roomId}/members/{userId}', { params: { ...params, ...(ending === 'ban' && { query: { ban: true } }) } });
      if (ending === 'ban') return onChange({ ...member, isBanned: true });
      toast(t.removed(member.name));
      onGone();
    });
  const lift = () =>
    run(async () => {
      await api.DELETE('/api/rooms/{roomId}/members/{userId}', { params: { ...params, query: { ban: false } } });
      toast(t.unbanned(member.name));
      onGone();
    });
  if (member.isBanned) {
    return (
      <div class="stack">
        <Button small isBusy={isBusy} onClick={lift}>{t.unban}</Button>
        <Problem error={error} />
      </div>
    );
  }
  return (
    <details class="rooms-details">
      <summary>{t.manageOf(member.name)}</summary>
      <div class="stack">
        {isOwner && !member.guest && (
          <SelectField label={t.role} value={member.role} choices={[{ value: 'member', label: t.member }, { value: 'moderator', label: t.moderator }]} onValue={(role) => set({ role: role as 'member' }, t.roleChanged)} />
        )}
        <div class="buttons">
          {isMuted ? (
            <Button small isBusy={isBusy} onClick={() => set({ mutedUntil: null })}>{t.unmute}</Button>
          ) : (
            <>
              <Button small isBusy={isBusy} onClick={() => mute(HOUR)}>{t.muteHour}</Button>
              <Button small isBusy={isBusy} onClick={() => mute(24 * HOUR)}>{t.muteDay}</Button>
            </>
          )}
          <Button small look="danger" onClick={() => setAsked('remove')}>{t.remove}</Button>
          <Button small look="danger" onClick={() => setAsked('ban')}>{t.ban}</Button>
        </div>
        {!asked && <Problem error={error} />}
        {asked && (
          <Confirm title={asked === 'ban' ? t.banTitle(member.name) : t.removeTitle(member.name)} action={t[asked]} isBusy={isBusy} onConfirm={() => end(asked)} onClose={() => setAsked(null)}>
            <p>{asked === 'ban' ? t.banWhy : t.removeWhy}</p>
            <Problem error={error} />
          </Confirm>
        )}
      </div>
    </details>
  );
}
