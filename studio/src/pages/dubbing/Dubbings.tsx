import { useEffect } from 'preact/hooks';
import { ago, clock, date, languageName } from '../../i18n/index.ts';
import { follow, followed } from '../../jobs/follow.ts';
import { hasEnded } from '../../jobs/kinds.ts';
import { config } from '../../state/config.ts';
import { useResource } from '../../state/resource.ts';
import { IconButton, LinkButton } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { More } from '../../ui/More.tsx';
import { Page } from '../../ui/Page.tsx';
import { isThere } from '../../ui/removal.ts';
import { Empty, Loading } from '../../ui/States.tsx';
import { added } from '../files/rows.ts';
import { canDub, dubs, removeDub, type Dub } from './dubs.ts';
import { text } from './messages.ts';
import './dubbing.css';

export default function Dubbings() {
  const t = text();
  const listed = useResource(async () => {
    const [list, known] = await Promise.all([dubs(), config()]);
    return { ...list, canDub: canDub(known) };
  });
  const { value } = listed.loaded;
  const can = value.state !== 'ready' || value.value.canDub;
  const begin = <LinkButton href="/dubbing/new" look="primary" icon="dubbing">{t.newDub}</LinkButton>;
  return (
    <Page title={t.title} lead={t.lead} actions={can && begin}>
      <Loading of={listed} lines={6}>
        {({ items, next }) =>
          !next && !items.some(isThere) ? (
            can ? (
              <Empty title={t.emptyTitle} action={<LinkButton href="/dubbing/new" look="lit" icon="dubbing">{t.newDub}</LinkButton>}>{t.empty}</Empty>
            ) : (
              <Empty title={t.offTitle}>{t.off}</Empty>
            )
          ) : (
            <>
              <ol class="rows">{items.filter(isThere).map((dub) => <Row key={dub.id} dub={dub} onOver={listed.reload} />)}</ol>
              {next && <More load={() => dubs(next)} onMore={(more) => listed.change((before) => ({ ...before, ...added(more)(before) }))} />}
            </>
          )
        }
      </Loading>
    </Page>
  );
}

function Row({ dub, onOver }: { dub: Dub; onOver: () => void }) {
  const t = text();
  const isAtWork = dub.status === 'queued' || dub.status === 'in_progress';
  const job = followed.value[`dubbing/${dub.id}`]?.progress?.job;
  const isOver = job ? hasEnded(job) : false;
  useEffect(() => {
    if (isAtWork) follow('dubbing', dub.id);
  }, [isAtWork]);
  useEffect(() => {
    if (isAtWork && isOver) onOver();
  }, [isOver]);
  const status = job?.status ?? dub.status;
  return (
    <li class="row">
      <span class="row-play row-idle" aria-hidden="true"><Icon name={dub.film ? 'film' : 'speak'} /></span>
      <div class="row-main">
        <a href={`/dubbing/${dub.id}`} class="row-title" dir="auto">{dub.name}</a>
        <p class="row-about">
          {status !== 'completed' && <span class="tag" data-status={status}>{t[status]}</span>}
          {status === 'in_progress' && job && <span>{t.percent(job.overallProgress)}</span>}
          <span>{t.into(dub.sourceLanguage && languageName(dub.sourceLanguage), languageName(dub.targetLanguage))}</span>
          <span>{dub.film ? t.film : t.sound}</span>
          <span dir="ltr">{clock(dub.seconds)}</span>
          <time dateTime={dub.createdAt} title={date(dub.createdAt, 'long')}>{ago(dub.createdAt)}</time>
        </p>
      </div>
      <IconButton icon="delete" label={t.remove(dub.name)} onClick={() => removeDub(dub)} />
    </li>
  );
}
