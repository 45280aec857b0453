import { useSignal } from '@preact/signals';
import { api, page, type Schemas } from '../../api/client.ts';
import { ago, date, languageName } from '../../i18n/index.ts';
import { useResource } from '../../state/resource.ts';
import { LinkButton } from '../../ui/Button.tsx';
import { Choices } from '../../ui/Field.tsx';
import { More } from '../../ui/More.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty, Loading } from '../../ui/States.tsx';
import { text } from './messages.ts';
import './rooms.css';

type Which = 'mine' | 'open';
interface Listed {
  which: Which;
  rooms: Schemas['RoomView'][];
  /** What the next page is asked with. */
  next: { cursor?: string; page?: number } | null;
}

async function load(which: Which, from: NonNullable<Listed['next']> = {}): Promise<Listed> {
  const { data, meta } = await page(api.GET('/api/rooms', { params: { query: { limit: 25, mine: which === 'mine', ...from } } }));
  const hasMore = which === 'mine' ? meta.currentPage < meta.totalPages : Boolean(meta.nextCursor);
  const next = which === 'mine' ? { page: meta.currentPage + 1 } : { cursor: meta.nextCursor };
  return { which, rooms: data.rooms, next: hasMore ? (next as Listed['next']) : null };
}

export default function Rooms() {
  const t = text();
  const which = useSignal<Which>('mine');
  const listed = useResource(() => load(which.value), [which.value]);
  return (
    <Page
      title={t.title}
      lead={t.lead}
      actions={
        <>
          <LinkButton href="/rooms/join">{t.join}</LinkButton>
          <LinkButton href="/rooms/new" look="primary" icon="add">{t.make}</LinkButton>
        </>
      }
    >
      <div class="rooms-which">
        <Choices label={t.which} value={which.value} choices={[{ value: 'mine', label: t.mine }, { value: 'open', label: t.open }]} onValue={(value) => { which.value = value as Which; }} />
      </div>
      <Loading of={listed} lines={6}>
        {({ rooms, next, which: shown }) =>
          rooms.length === 0 ? (
            <Empty title={shown === 'mine' ? t.emptyTitle : t.noneOpen}>{shown === 'mine' ? t.empty : t.noneOpenWhy}</Empty>
          ) : (
            <>
              <ol class="rows">{rooms.map((room) => <Row key={room.id} room={room} />)}</ol>
              {next && <More load={() => load(shown, next)} onMore={(more) => listed.change((value) => ({ ...more, rooms: [...value.rooms, ...more.rooms] }))} />}
            </>
          )
        }
      </Loading>
    </Page>
  );
}

function Row({ room }: { room: Schemas['RoomView'] }) {
  const t = text();
  const languages = Object.keys(room.languages).map(languageName);
  return (
    <li class="row rooms-row">
      <div class="row-main">
        <a href={`/rooms/${room.id}`} class="row-title" dir="auto">{room.name}</a>
        {(room.lastMessage?.text || room.topic) && <p class="rooms-last" dir="auto">{room.lastMessage?.text || room.topic}</p>}
        <p class="row-about">
          {room.isPrivate && <span class="tag">{t.private}</span>}
          <span>{t.members(room.memberCount)}</span>
          {languages.length > 0 && <span>{languages.slice(0, 4).join(' · ')}</span>}
          <time dateTime={room.activeAt} title={date(room.activeAt, 'long')}>{ago(room.activeAt)}</time>
        </p>
      </div>
    </li>
  );
}
