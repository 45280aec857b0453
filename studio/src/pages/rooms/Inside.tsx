// What is said, in the language that the reader has chosen, and who is there.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client.ts';
import { languageName } from '../../i18n/index.ts';
import { go } from '../../router.ts';
import { me } from '../../session/session.ts';
import { LinkButton } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Empty, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { enter, type Live } from './live.ts';
import { text } from './messages.ts';
import { Reads } from './Reads.tsx';
import { Talk } from './Talk.tsx';

type RoomView = Schemas['RoomView'];

export function Inside({ room, language, onLanguage }: { room: RoomView; language: string; onLanguage: (language: string) => void }) {
  const t = text();
  const live = useMemo(() => enter(room.id, language), []);
  useEffect(() => live.close, []);
  const [error, setError] = useState<unknown>(null);
  if (live.state.value === 'removed') {
    return <Empty title={t.removedFrom} action={<LinkButton href="/rooms">{t.toRooms}</LinkButton>}>{t.removedFromWhy}</Empty>;
  }
  const choose = (chosen: string) => {
    setError(null);
    const params = { path: { roomId: room.id, userId: me.value!.id } };
    api.PUT('/api/rooms/{roomId}/members/{userId}', { params, body: { language: chosen } }).then(() => onLanguage(chosen), setError);
  };
  return (
    <div class="room">
      <Talk roomId={room.id} live={live} language={language} />
      <aside class="room-side" aria-label={t.there}>
        <People live={live} />
        <Reads value={language} onValue={choose} />
        <Problem error={error} />
        <p class="row-about"><span>{t.members(room.memberCount)}</span><span>{Object.keys(room.languages).map(languageName).join(' · ')}</span></p>
        <Leave room={room} />
      </aside>
    </div>
  );
}

function People({ live }: { live: Live }) {
  const t = text();
  const others = live.people.value.filter((each) => each.userId !== me.value?.id);
  return (
    <div>
      <h2 class="field-label">{t.there}</h2>
      {others.length === 0 ? (
        <p class="field-hint">{t.alone}</p>
      ) : (
        <ul class="room-people">
          {others.map((each) => (
            <li key={each.userId}>
              <span dir="auto">{each.name}</span>
              {t[each.state] && <span class="field-hint">{t[each.state]}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Its owner cannot leave a room, but delete it. */
function Leave({ room }: { room: RoomView }) {
  const t = text();
  const isOwner = room.role === 'owner';
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const label = isOwner ? t.delete : t.leave;
  const confirm = () => {
    setBusy(true);
    setError(null);
    const params = { path: { roomId: room.id } };
    const done = isOwner ? api.DELETE('/api/rooms/{roomId}', { params }) : api.POST('/api/rooms/{roomId}/leave', { params });
    done.then(
      () => {
        toast(isOwner ? t.deleted : t.left);
        go('/rooms', { replace: true });
      },
      (failure: unknown) => {
        setError(failure);
        setBusy(false);
      },
    );
  };
  return (
    <>
      <button type="button" class="text-button" onClick={() => setAsking(true)}>{label}</button>
      {isAsking && (
        <Confirm title={label} action={label} isBusy={isBusy} onConfirm={confirm} onClose={() => setAsking(false)}>
          <p>{isOwner ? t.deleteWhy : t.leaveWhy}</p>
          <Problem error={error} />
        </Confirm>
      )}
    </>
  );
}
