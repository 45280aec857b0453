import { useEffect, useState } from 'preact/hooks';
import { languageName } from '../../i18n/index.ts';
import { isPlaying, pause, play, track as current } from '../../player/player.ts';
import { address, go } from '../../router.ts';
import { useResource } from '../../state/resource.ts';
import { LinkButton } from '../../ui/Button.tsx';
import { Choices, SelectField, TextField } from '../../ui/Field.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { More } from '../../ui/More.tsx';
import { Page } from '../../ui/Page.tsx';
import { isThere } from '../../ui/removal.ts';
import { Empty, Loading } from '../../ui/States.tsx';
import { text } from './messages.ts';
import { Portrait } from './Portrait.tsx';
import { Star } from './Star.tsx';
import { list, sampleOf, SHOWN, type Character, type Wanted } from './work.ts';
import './characters.css';

const PAUSE = 300;

/** The address says what is listed, so that the way back leads to it. */
function wanted(): Wanted {
  const { searchParams } = address.value;
  const show = SHOWN.find((each) => each === searchParams.get('show')) ?? 'mine';
  return { show, search: searchParams.get('search') ?? '', sort: searchParams.get('sort') === 'starred' ? 'starred' : 'newest' };
}

function want(changes: Partial<Wanted>): void {
  const { show, search, sort } = { ...wanted(), ...changes };
  const query = new URLSearchParams({ ...(show !== 'mine' && { show }), ...(search && { search }), ...(sort !== 'newest' && { sort }) });
  go(`/characters${query.size ? `?${query}` : ''}`, { replace: true });
}

export default function Characters() {
  const t = text();
  const { show, search, sort } = wanted();
  return (
    <Page title={t.title} lead={t.lead} wide actions={<LinkButton href="/characters/new" look="primary" icon="microphone">{t.new}</LinkButton>}>
      <div class="cast-tools">
        <Choices label={t.show} value={show} choices={SHOWN.map((each) => ({ value: each, label: t[each] }))} onValue={(value) => want({ show: value as Wanted['show'], search: '', sort: 'newest' })} />
        {show === 'everybody' && (
          <>
            <Search value={search} />
            <SelectField label={t.sort} value={sort} choices={[{ value: 'newest', label: t.newest }, { value: 'starred', label: t.mostStarred }]} onValue={(value) => want({ sort: value as Wanted['sort'] })} />
          </>
        )}
      </div>
      <Cast key={`${show} ${search} ${sort}`} wanted={{ show, search, sort }} />
    </Page>
  );
}

function Search({ value }: { value: string }) {
  const t = text();
  const [typed, type] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => typed.trim() !== value && want({ search: typed.trim() }), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  return <TextField label={t.search} type="search" inputMode="search" dir="auto" value={typed} onValue={type} maxLength={80} />;
}

function Cast({ wanted }: { wanted: Wanted }) {
  const listed = useResource(() => list(wanted));
  const change = (changed: Character) =>
    listed.change((value) => ({ ...value, characters: value.characters.map((each) => (each.id === changed.id ? changed : each)) }));
  return (
    <Loading of={listed} lines={6}>
      {({ characters, next }) => {
        const seen = characters.filter(isThere);
        if (seen.length === 0 && !next) return <Nobody {...wanted} />;
        return (
          <>
            <ul class="cast">{seen.map((each) => <Card key={each.id} character={each} onChange={change} />)}</ul>
            {next && <More load={() => list(wanted, next)} onMore={(more) => listed.change((value) => ({ characters: [...value.characters, ...more.characters], next: more.next }))} />}
          </>
        );
      }}
    </Loading>
  );
}

function Nobody({ show, search }: Wanted) {
  const t = text();
  if (search) return <Empty title={t.nobody}>{t.nobodyWhy}</Empty>;
  if (show === 'starred') return <Empty title={t.emptyStarred}>{t.emptyStarredWhy}</Empty>;
  if (show === 'everybody') return <Empty title={t.emptyEverybody}>{t.emptyEverybodyWhy}</Empty>;
  return <Empty title={t.emptyMine} action={<LinkButton href="/characters/new" look="lit" icon="microphone">{t.new}</LinkButton>}>{t.emptyMineWhy}</Empty>;
}

function Card({ character, onChange }: { character: Character; onChange: (changed: Character) => void }) {
  const t = text();
  const { id, displayName, language, voiceType, visibility, isOwner } = character;
  const sample = sampleOf(character);
  const isSounding = isPlaying.value && current.value?.id === sample?.id;
  return (
    <li class="card">
      <div class="card-face">
        <Portrait character={character} />
        <Star character={character} onChange={onChange} />
        {sample && (
          <button type="button" class="card-play" aria-label={isSounding ? t.stop(displayName) : t.hear(displayName)} onClick={() => (isSounding ? pause() : void play(sample))}>
            <Icon name={isSounding ? 'pause' : 'play'} />
          </button>
        )}
      </div>
      <a class="card-name" href={`/characters/${id}`}><bdi>{displayName}</bdi></a>
      <p class="card-about">
        <span>{languageName(language)}</span>
        <span>{t[voiceType]}</span>
        {isOwner ? visibility !== 'private' && <span>{t[visibility]}</span> : <bdi>{character.createdByName}</bdi>}
      </p>
    </li>
  );
}
