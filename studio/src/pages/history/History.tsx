import { api, page, type Schemas } from '../../api/client.ts';
import { ago, clock, date, languageName } from '../../i18n/index.ts';
import { isPlaying, pause, play, track as current } from '../../player/player.ts';
import { useResource } from '../../state/resource.ts';
import { IconButton, LinkButton } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { More } from '../../ui/More.tsx';
import { Page } from '../../ui/Page.tsx';
import { isThere } from '../../ui/removal.ts';
import { Empty, Loading } from '../../ui/States.tsx';
import { text } from './messages.ts';
import { removeRecording } from './removal.ts';
import { trackOf } from './track.ts';
import './history.css';

type Item = Schemas['HistoryItem'];
interface Listed {
  items: Item[];
  next: string | undefined;
}

async function load(cursor?: string): Promise<Listed> {
  const { data, meta } = await page(api.GET('/api/user/voice-history', { params: { query: { limit: 25, ...(cursor && { cursor }) } } }));
  return { items: data.history, next: meta.nextCursor };
}

export default function History() {
  const t = text();
  const listed = useResource(() => load());
  return (
    <Page title={t.title} lead={t.lead} actions={<LinkButton href="/speak" look="primary" icon="speak">{t.speak}</LinkButton>}>
      <Loading of={listed} lines={6}>
        {({ items, next }) =>
          !next && !items.some(isThere) ? (
            <Empty title={t.emptyTitle} action={<LinkButton href="/speak" look="lit" icon="speak">{t.speak}</LinkButton>}>{t.empty}</Empty>
          ) : (
            <>
              <ol class="rows">{items.filter(isThere).map((item) => <Row key={item.id} item={item} />)}</ol>
              {next && <More load={() => load(next)} onMore={(more) => listed.change((value) => ({ items: [...value.items, ...more.items], next: more.next }))} />}
            </>
          )
        }
      </Loading>
    </Page>
  );
}

function Row({ item }: { item: Item }) {
  const t = text();
  const track = trackOf(item);
  const isSounding = isPlaying.value && current.value?.id === item.id;
  return (
    <li class="row" data-current={current.value?.id === item.id || undefined}>
      {track ? (
        <button type="button" class="row-play" aria-label={isSounding ? t.pause(item.title) : t.play(item.title)} onClick={() => (isSounding ? pause() : void play(track))}>
          <Icon name={isSounding ? 'pause' : 'play'} />
        </button>
      ) : (
        <span class="row-play row-idle" aria-hidden="true" />
      )}
      <div class="row-main">
        <a href={`/history/${item.id}`} class="row-title" dir="auto" lang={item.language}>{item.title}</a>
        <p class="row-about">
          {item.status !== 'completed' && <span class="tag" data-status={item.status}>{t[item.status]}</span>}
          <span>{languageName(item.language)}</span>
          {item.seconds !== null && <span dir="ltr">{clock(item.seconds)}</span>}
          <time dateTime={item.date} title={date(item.date, 'long')}>{ago(item.date)}</time>
        </p>
      </div>
      <IconButton icon="delete" label={t.remove(item.title)} onClick={() => removeRecording(item)} />
    </li>
  );
}
