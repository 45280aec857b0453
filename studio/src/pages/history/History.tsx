import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, page, type Schemas } from '../../api/client.ts';
import { ago, clock, date, languageName } from '../../i18n/index.ts';
import { isPlaying, pause, play, track as current } from '../../player/player.ts';
import { useConfig } from '../../state/config.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton, LinkButton } from '../../ui/Button.tsx';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { languageChoices, spoken } from '../../ui/languages.ts';
import { More } from '../../ui/More.tsx';
import { Page } from '../../ui/Page.tsx';
import { isThere } from '../../ui/removal.ts';
import { Empty, Loading } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { charactersWith } from './characters.ts';
import { isFiltered, STATUSES, want, wanted, type Wanted } from './filters.ts';
import { text } from './messages.ts';
import { removeRecording, removeRecordings } from './removal.ts';
import { trackOf } from './track.ts';
import './history.css';

type Item = Schemas['HistoryItem'];
interface Listed {
  items: Item[];
  next: string | undefined;
  total: number;
}

const PAUSE = 300;

async function load({ search, favourite, status, language, character }: Wanted, cursor?: string): Promise<Listed> {
  const filter = { ...(search && { search }), ...(favourite && { favourite }), ...(status && { status }), ...(language && { language }), ...(character && { characterId: character }) };
  const query = { limit: 25, ...(cursor && { cursor }), ...filter };
  const { data, meta } = await page(api.GET('/api/user/voice-history', { params: { query } }));
  return { items: data.history, next: meta.nextCursor, total: meta.total };
}

/** The ids of those that are chosen; null while nothing is being chosen. */
const chosen = signal<ReadonlySet<string> | null>(null);

export default function History() {
  const t = text();
  const shown = wanted();
  const days = useConfig()?.limits.retentionDays;
  useEffect(() => () => { chosen.value = null; }, []);
  return (
    <Page title={t.title} lead={days ? t.leadFor(days) : t.lead} actions={<LinkButton href="/speak" look="primary" icon="speak">{t.speak}</LinkButton>}>
      <Filters shown={shown} />
      <Entries key={JSON.stringify(shown)} shown={shown} />
    </Page>
  );
}

function Filters({ shown: { search, favourite, status, language, character } }: { shown: Wanted }) {
  const t = text();
  const [typed, type] = useState(search);
  const latest = useRef(search);
  const languages = useResource(spoken);
  const { value } = languages.loaded;
  const codes = value.state === 'ready' ? value.value : [];
  const characters = useResource(() => charactersWith(character), [character]);
  const cast = characters.loaded.value.state === 'ready' ? characters.loaded.value.value : [];
  // By the way back, say.
  useEffect(() => {
    if (search !== latest.current) type(search);
    latest.current = search;
  }, [search]);
  useEffect(() => {
    const timer = setTimeout(() => {
      const wish = typed.trim();
      if (wish === latest.current) return;
      latest.current = wish;
      want({ search: wish });
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <search class="history-filters">
      <TextField label={t.search} type="search" inputMode="search" dir="auto" maxLength={100} value={typed} onValue={type} />
      <SelectField label={t.status} value={status} choices={[{ value: '', label: t.allStatuses }, ...STATUSES.map((each) => ({ value: each, label: t[each] }))]} onValue={(each) => want({ status: each as Wanted['status'] })} />
      <SelectField label={t.language} value={language} choices={[{ value: '', label: t.allLanguages }, ...languageChoices(language && !codes.includes(language) ? [...codes, language] : codes)]} onValue={(each) => want({ language: each })} />
      <SelectField
        label={t.character}
        value={character}
        choices={[{ value: '', label: t.allCharacters }, ...(character && !cast.some(({ value: id }) => id === character) ? [{ value: character, label: t.unknownCharacter }] : []), ...cast]}
        onValue={(each) => want({ character: each })}
      />
      <button type="button" class="history-favourites" aria-pressed={favourite} onClick={() => want({ favourite: !favourite })}>
        <Icon name="star" size={18} />
        <span>{t.favourites}</span>
      </button>
    </search>
  );
}

function Entries({ shown }: { shown: Wanted }) {
  const t = text();
  const listed = useResource(() => load(shown));
  useEffect(() => () => { chosen.value = null; }, []);
  const change = (id: string, changes: Partial<Item>) =>
    listed.change((value) => ({ ...value, items: value.items.map((each) => (each.id === id ? { ...each, ...changes } : each)) }));
  return (
    <Loading of={listed} lines={6}>
      {({ items, next, total }) => {
        const there = items.filter(isThere);
        if (!there.length && !next) {
          return isFiltered(shown) ? (
            <Empty title={t.nothingFoundTitle} action={<Button onClick={() => want({ search: '' })}>{t.showAll}</Button>}>{shown.search ? t.nothingFound : t.nothingFiltered}</Empty>
          ) : (
            <Empty title={t.emptyTitle} action={<LinkButton href="/speak" look="lit" icon="speak">{t.speak}</LinkButton>}>{t.empty}</Empty>
          );
        }
        return (
          <>
            <Choosing items={there} total={Math.max(there.length, total - (items.length - there.length))} />
            <ol class="rows">{there.map((item) => <Row key={item.id} item={item} onChange={change} />)}</ol>
            {next && <More load={() => load(shown, next)} onMore={(more) => listed.change((value) => ({ ...more, items: [...value.items, ...more.items] }))} />}
          </>
        );
      }}
    </Loading>
  );
}

/** How many there are, and what can be done with several of them. */
function Choosing({ items, total }: { items: Item[]; total: number }) {
  const t = text();
  const ids = items.map((each) => each.id).filter((id) => chosen.value?.has(id));
  if (!chosen.value) {
    return (
      <div class="history-bar">
        <p role="status">{t.found(total)}</p>
        <Button small look="quiet" onClick={() => (chosen.value = new Set())}>{t.select}</Button>
      </div>
    );
  }
  const remove = () => {
    chosen.value = null;
    removeRecordings(ids);
  };
  return (
    <div class="history-bar" data-choosing>
      <label class="history-all">
        <input
          type="checkbox"
          checked={ids.length === items.length}
          ref={(box) => {
            if (box) box.indeterminate = ids.length > 0 && ids.length < items.length;
          }}
          onChange={(event) => (chosen.value = new Set(event.currentTarget.checked ? items.map((each) => each.id) : []))}
        />
        <span>{t.all}</span>
      </label>
      <p role="status">{t.selected(ids.length)}</p>
      <div class="buttons">
        <Button small look="danger" icon="delete" disabled={!ids.length} onClick={remove}>{t.delete}</Button>
        <Button small look="quiet" onClick={() => (chosen.value = null)}>{t.done}</Button>
      </div>
    </div>
  );
}

function Row({ item, onChange }: { item: Item; onChange: (id: string, changes: Partial<Item>) => void }) {
  const t = text();
  const track = trackOf(item);
  const isSounding = isPlaying.value && current.value?.id === item.id;
  const ids = chosen.value;
  const star = () => {
    const { favourite } = item;
    onChange(item.id, { favourite: !favourite });
    api.PUT('/api/voice/generations/{generationId}', { params: { path: { generationId: item.id } }, body: { favourite: !favourite } }).catch(() => {
      onChange(item.id, { favourite });
      toast(t.notChanged);
    });
  };
  return (
    <li class="row" data-current={current.value?.id === item.id || undefined}>
      {ids ? (
        <label class="row-play row-check">
          <input
            type="checkbox"
            aria-label={t.choose(item.title)}
            checked={ids.has(item.id)}
            onChange={(event) => {
              const changed = new Set(ids);
              if (event.currentTarget.checked) changed.add(item.id);
              else changed.delete(item.id);
              chosen.value = changed;
            }}
          />
        </label>
      ) : track ? (
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
      {!ids && (
        <div class="row-ways">
          <IconButton icon="star" pressed={item.favourite} label={t.favourite(item.title)} onClick={star} />
          <IconButton icon="delete" label={t.remove(item.title)} onClick={() => removeRecording(item)} />
        </div>
      )}
    </li>
  );
}
