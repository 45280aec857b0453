// What was heard in recordings, as a list.
import { clock, date } from '../../i18n/index.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { More } from '../../ui/More.tsx';
import { isThere } from '../../ui/removal.ts';
import { Problem } from '../../ui/States.tsx';
import { removeText, transcriptions, type Transcription } from './files.ts';
import { text } from './messages.ts';
import { added } from './rows.ts';

export function TextRow({ text: item }: { text: Transcription }) {
  const t = text();
  return (
    <li class="row">
      <span class="row-play row-idle" aria-hidden="true"><Icon name="text" /></span>
      <div class="row-main">
        <a class="row-title" href={`/files/texts/${item.id}`} dir="auto">{item.name}</a>
        <p class="row-about">
          {item.status !== 'completed' && <span class="tag" data-status={item.status}>{t[item.status]}</span>}
          {item.speechSeconds === 0 && <span>{t.nobodyShort}</span>}
          <span dir="ltr">{clock(item.seconds)}</span>
          <time dateTime={item.createdAt}>{date(item.createdAt, 'long')}</time>
        </p>
      </div>
      <IconButton icon="delete" label={t.removeTextOf(item.name)} onClick={() => removeText(item)} />
    </li>
  );
}

/** Under the files, which come first: nothing until it is there, and nothing if there are none. */
export function Texts() {
  const t = text();
  const listed = useResource(() => transcriptions());
  const { value } = listed.loaded;
  if (value.state === 'loading') return null;
  if (value.state === 'failed') return <Problem error={value.error}><Button small onClick={listed.reload}>{t.again}</Button></Problem>;
  const { items, next } = value.value;
  if (!next && !items.some(isThere)) return null;
  return (
    <section>
      <h2 class="said-older">{t.texts}</h2>
      <ol class="rows">{items.filter(isThere).map((each) => <TextRow key={each.id} text={each} />)}</ol>
      {next && <More load={() => transcriptions(next)} onMore={(more) => listed.change(added(more))} />}
    </section>
  );
}
