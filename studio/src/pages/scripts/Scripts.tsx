import { useState } from 'preact/hooks';
import { api, page, type Schemas } from '../../api/client.ts';
import { ago, clock, date, languageName } from '../../i18n/index.ts';
import { isPlaying, pause, play, track as current } from '../../player/player.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton, LinkButton } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Page } from '../../ui/Page.tsx';
import { isThere } from '../../ui/removal.ts';
import { Empty, Loading, Problem } from '../../ui/States.tsx';
import { text } from './messages.ts';
import { removeScript } from './removal.ts';
import { trackOf } from './track.ts';
import './scripts.css';

type Script = Schemas['ScriptView'];
interface Listed {
  scripts: Script[];
  next: string | undefined;
}

async function load(cursor?: string): Promise<Listed> {
  const { data, meta } = await page(api.GET('/api/my-scripts', { params: { query: { view: 'summary', limit: 20, ...(cursor && { cursor }) } } }));
  return { scripts: data.scripts, next: meta.nextCursor };
}

export default function Scripts() {
  const t = text();
  const listed = useResource(() => load());
  return (
    <Page title={t.title} lead={t.lead} actions={<LinkButton href="/scripts/new" look="primary" icon="add">{t.newScript}</LinkButton>}>
      <Loading of={listed} lines={6}>
        {({ scripts, next }) =>
          !next && !scripts.some(isThere) ? (
            <Empty title={t.emptyTitle} action={<LinkButton href="/scripts/new" icon="add">{t.begin}</LinkButton>}>{t.empty}</Empty>
          ) : (
            <>
              <ol class="rows">{scripts.filter(isThere).map((script) => <Row key={script.id} script={script} />)}</ol>
              {next && <More cursor={next} onMore={(more) => listed.change((value) => ({ scripts: [...value.scripts, ...more.scripts], next: more.next }))} />}
            </>
          )
        }
      </Loading>
    </Page>
  );
}

function Row({ script }: { script: Script }) {
  const t = text();
  const track = trackOf(script);
  const isSounding = isPlaying.value && current.value?.id === track?.id;
  return (
    <li class="row" data-current={(track && current.value?.id === track.id) || undefined}>
      {track ? (
        <button type="button" class="row-play" aria-label={isSounding ? t.pauseOf(script.title) : t.playOf(script.title)} onClick={() => (isSounding ? pause() : void play(track))}>
          <Icon name={isSounding ? 'pause' : 'play'} />
        </button>
      ) : (
        <span class="row-play row-idle" aria-hidden="true" />
      )}
      <div class="row-main">
        <a href={`/scripts/${script.id}`} class="row-title" dir="auto" lang={script.language || undefined}>{script.title}</a>
        <p class="row-about">
          {script.activeJobId && <span class="tag" data-status="in_progress">{t.atWork}</span>}
          <span>{t.linesSpoken(script.audioCount, script.lineCount)}</span>
          {script.language && <span>{languageName(script.language)}</span>}
          {script.audioDuration !== null && <span dir="ltr">{clock(script.audioDuration)}</span>}
          {script.finalVideoPath && <a href={`/scripts/${script.id}/film`}>{t.film}</a>}
          <time dateTime={script.updatedAt} title={date(script.updatedAt, 'long')}>{ago(script.updatedAt)}</time>
        </p>
      </div>
      <IconButton icon="delete" label={t.removeOf(script.title)} onClick={() => removeScript(script)} />
    </li>
  );
}

function More({ cursor, onMore }: { cursor: string; onMore: (more: Listed) => void }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const click = () => {
    setBusy(true);
    setError(null);
    load(cursor).then(onMore, setError).finally(() => setBusy(false));
  };
  return (
    <div class="more">
      <Problem error={error} />
      <Button isBusy={isBusy} onClick={click}>{text().more}</Button>
    </div>
  );
}
