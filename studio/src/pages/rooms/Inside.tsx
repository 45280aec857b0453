// What is said, in the language that the reader has chosen, and who is there.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { languageName } from '../../i18n/index.ts';
import { go } from '../../router.ts';
import { me } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { LinkButton } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { Empty, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { Check } from './Check.tsx';
import type { enter, Live } from './live.ts';
import { text } from './messages.ts';
import { Reads } from './Reads.tsx';
import { Talk } from './Talk.tsx';
import { text as talkText } from './talk-messages.ts';

type RoomView = Schemas['RoomView'];
type Member = Schemas['RoomMemberView'];
interface Props {
  enter: typeof enter;
  room: RoomView;
  language: string;
  /** What the room knows of the user. */
  member: Member | null;
  onMember: (member: Member) => void;
  /** The room has changed. */
  onChange: () => void;
}

export function Inside({ enter, room, language, member, onMember, onChange }: Props) {
  const t = text();
  const live = useMemo(() => enter(room.id, language, onChange), []);
  useEffect(() => live.close, []);
  if (live.state.value === 'removed') {
    return <Empty title={t.removedFrom} action={<LinkButton href="/rooms">{t.toRooms}</LinkButton>}>{t.removedFromWhy}</Empty>;
  }
  return (
    <div class="room">
      {room.announcement && (
        <section class="room-announcement" aria-label={talkText().announcement}>
          <p dir="auto">{room.announcement.text}</p>
        </section>
      )}
      <Talk room={room} live={live} language={language} />
      <aside class="room-side" aria-label={t.there}>
        <People live={live} />
        <Yours room={room} language={language} member={member} onMember={onMember} />
        <p class="row-about"><span>{t.members(room.memberCount)}</span><span>{Object.keys(room.languages).map(languageName).join(' · ')}</span></p>
        <Leave room={room} />
      </aside>
    </div>
  );
}

/** What each member chooses for themselves. */
function Yours({ room, language, member, onMember }: Pick<Props, 'room' | 'language' | 'member' | 'onMember'>) {
  const words = talkText();
  const [error, setError] = useState<unknown>(null);
  const choose = (body: { language?: string; autoSpeak?: boolean; voiceCharacterId?: string }) => {
    setError(null);
    const params = { path: { roomId: room.id, userId: me.value!.id } };
    data(api.PUT('/api/rooms/{roomId}/members/{userId}', { params, body })).then((saved) => onMember(saved.member), setError);
  };
  return (
    <div class="stack">
      <Reads value={language} onValue={(chosen) => choose({ language: chosen })} />
      {member && room.settings.speech !== 'off' && (
        <>
          <Check label={words.autoSpeak} hint={words.autoSpeakHint} value={member.autoSpeak} onValue={(autoSpeak) => choose({ autoSpeak })} />
          <VoiceField value={member.voiceCharacterId ?? ''} onValue={(voiceCharacterId) => choose({ voiceCharacterId })} />
        </>
      )}
      <Problem error={error} />
    </div>
  );
}

/** Whoever has no characters has nothing to choose. */
function VoiceField({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  const t = talkText();
  const own = useResource(async () => (await data(api.GET('/api/my-characters', { params: { query: { limit: 100 } } }))).characters);
  const known = own.loaded.value;
  if (known.state !== 'ready' || known.value.length === 0) return null;
  const choices = [{ value: '', label: t.standard }, ...known.value.map((each) => ({ value: each.id, label: each.displayName }))];
  return <SelectField label={t.voice} hint={t.voiceHint} value={value} choices={choices} onValue={onValue} />;
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

/** Its owner cannot leave a room, but hand it over, or delete it: both are among its settings. */
function Leave({ room }: { room: RoomView }) {
  const t = text();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (room.role === 'owner') return null;
  const confirm = () => {
    setBusy(true);
    setError(null);
    api.POST('/api/rooms/{roomId}/leave', { params: { path: { roomId: room.id } } }).then(
      () => {
        toast(t.left);
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
      <button type="button" class="text-button" onClick={() => setAsking(true)}>{t.leave}</button>
      {isAsking && (
        <Confirm title={t.leave} action={t.leave} isBusy={isBusy} onConfirm={confirm} onClose={() => setAsking(false)}>
          <p>{t.leaveWhy}</p>
          <Problem error={error} />
        </Confirm>
      )}
    </>
  );
}
