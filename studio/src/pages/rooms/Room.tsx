// A room, for those who are in it, and for those who could join. The client of rooms is a chunk of its own.
import { useSignal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import type { PageProps } from '../../router.ts';
import { me } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Loading, Problem } from '../../ui/States.tsx';
import { Invite } from './Invite.tsx';
import { useJoin } from './Join.tsx';
import { text } from './messages.ts';
import { ownLanguage, Reads } from './Reads.tsx';
import './rooms.css';

type RoomView = Schemas['RoomView'];
interface Loaded {
  room: RoomView;
  /** The language that the user reads here. */
  language: string;
  member: Schemas['RoomMemberView'] | null;
  /** For those who are in it. */
  parts: { Inside: typeof import('./Inside.tsx').Inside; enter: typeof import('./live.ts').enter } | null;
}

async function load(roomId: string): Promise<Loaded> {
  const params = { path: { roomId } };
  const { room } = await data(api.GET('/api/rooms/{roomId}', { params }));
  if (!room.role) return { room, language: ownLanguage(), member: null, parts: null };
  const listed = data(api.GET('/api/rooms/{roomId}/members', { params: { ...params, query: { limit: 100 } } }));
  const [{ members }, { Inside }, { enter }] = await Promise.all([listed, import('./Inside.tsx'), import('./live.ts')]);
  const member = members.find((each) => each.userId === me.value?.id) ?? null;
  return { room, language: member?.language ?? ownLanguage(), member, parts: { Inside, enter } };
}

export default function Room({ params }: PageProps) {
  const t = text();
  const id = params.id!;
  const found = useResource(() => load(id), [id, me.value?.id]);
  const isInviting = useSignal(false);
  const known = found.loaded.value;
  const room = known.state === 'ready' ? known.value.room : null;
  const invites = room && room.role && (room.role !== 'member' || room.settings.memberInvites);
  return (
    <Page
      title={room?.name ?? t.room}
      lead={room?.topic && <span dir="auto">{room.topic}</span>}
      actions={
        room?.role && (
          <>
            {room.role !== 'member' && <LinkButton href={`/rooms/${id}/manage`}>{t.manage}</LinkButton>}
            {invites && <Button icon="add" onClick={() => { isInviting.value = true; }}>{t.invite}</Button>}
          </>
        )
      }
    >
      <Loading of={found} lines={6}>
        {({ room, language, member, parts }) =>
          parts ? (
            <parts.Inside
              enter={parts.enter}
              key={`${room.id} ${language}`}
              room={room}
              language={language}
              member={member}
              onMember={(changed) => found.change((value) => ({ ...value, member: changed, language: changed.language }))}
              onChange={found.reload}
            />
          ) : (
            <Outside room={room} onJoined={found.reload} />
          )
        }
      </Loading>
      {isInviting.value && <Invite roomId={id} onClose={() => { isInviting.value = false; }} />}
    </Page>
  );
}

function Outside({ room, onJoined }: { room: RoomView; onJoined: () => void }) {
  const t = text();
  const [language, setLanguage] = useState(ownLanguage());
  const { join, isBusy, error } = useJoin(onJoined);
  return (
    <div class="stack rooms-form">
      <h2>{t.notIn}</h2>
      <p>{t.notInWhy}</p>
      <Reads value={language} onValue={setLanguage} />
      <Problem error={error} />
      <Button look="primary" isBusy={isBusy} onClick={() => void join({ roomId: room.id }, language)}>{t.enter}</Button>
    </div>
  );
}
