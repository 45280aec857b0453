import { useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { date, languageName } from '../../i18n/index.ts';
import { isPlaying, pause, play, track as current } from '../../player/player.ts';
import { go, type PageProps } from '../../router.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Page } from '../../ui/Page.tsx';
import { Failure, Problem, Skeleton } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { small } from '../../ui/pictures.ts';
import { adviceWords } from './advice.ts';
import { text } from './messages.ts';
import { Portrait } from './Portrait.tsx';
import { Star } from './Star.tsx';
import { read, removeCharacter, sampleOf, told, type Character } from './work.ts';
import './characters.css';

export default function CharacterPage({ params }: PageProps) {
  const t = text();
  const id = params.id!;
  const found = useResource(() => read(id).catch((error) => Promise.reject(told(error))), [id]);
  const { value } = found.loaded;
  if (value.state === 'loading') return <Page title={t.title} hidesTitle><Skeleton lines={6} /></Page>;
  if (value.state === 'failed') return <Page title={t.title}><Failure error={value.error} onRetry={found.reload} /></Page>;
  const character = value.value;
  return (
    <Page title={character.displayName} wide>
      <div class="character">
        <Faces character={character} />
        <div class="character-main">
          <Actions character={character} onChange={(changed) => found.change(() => changed)} />
          <Facts character={character} />
        </div>
        {character.isOwner && (
          <div class="character-main">
            {character.sampleQuality && <Quality character={character} />}
            <ConsentGiven character={character} onChange={(changed) => found.change(() => changed)} />
          </div>
        )}
      </div>
    </Page>
  );
}

function Faces({ character }: { character: Character }) {
  const t = text();
  const others = Object.entries(character.images).slice(1);
  return (
    <div class="faces">
      <Portrait character={character} />
      {others.length > 0 && <ul>{others.map(([key, link], place) => <li key={key}><img class="portrait" src={small(link, 320)} loading="lazy" alt={t.picture(place + 2)} /></li>)}</ul>}
    </div>
  );
}

function Actions({ character, onChange }: { character: Character; onChange: (changed: Character) => void }) {
  const t = text();
  const { id, isOwner } = character;
  const sample = sampleOf(character);
  const isSounding = isPlaying.value && current.value?.id === sample?.id;
  return (
    <div class="stack">
      {character.hidden && <p class="problem">{t.hidden}</p>}
      <div class="buttons">
        {sample && <Button look="lit" icon={isSounding ? 'pause' : 'play'} onClick={() => (isSounding ? pause() : void play(sample))}>{isSounding ? t.pause : t.play}</Button>}
        {(isOwner || character.allowUse) && <LinkButton href={`/speak?character=${id}`} icon="speak">{t.speak}</LinkButton>}
        {(isOwner || character.allowUse) && <LinkButton href={`/history?character=${id}`} icon="history">{t.spoken}</LinkButton>}
        <Star character={character} onChange={onChange} />
      </div>
      {isOwner && (
        <div class="buttons">
          <LinkButton href={`/characters/${id}/edit`} icon="edit" small>{t.edit}</LinkButton>
          <Button look="quiet" small icon="delete" onClick={() => { removeCharacter(character); go('/characters'); }}>{t.delete}</Button>
        </div>
      )}
    </div>
  );
}

function Facts({ character }: { character: Character }) {
  const t = text();
  const { isOwner, voiceCloned, config } = character;
  const facts: [string, string][] = [
    [t.language, languageName(character.language)],
    [t.voice, t[character.voiceType]],
    [t.speed, t.times(config.speed)],
    [t.by, isOwner ? t.you : character.createdByName],
    [t.sharing, t[character.visibility]],
    ...(character.visibility === 'private' ? [] : [[t.casting, character.allowUse ? t.allowed : t.notAllowed] as [string, string]]),
    [t.made, date(character.createdAt, 'long')],
  ];
  return (
    <>
      <dl class="facts">{facts.map(([name, fact]) => <div key={name}><dt>{name}</dt><dd><bdi>{fact}</bdi></dd></div>)}</dl>
      {voiceCloned ? <p class="field-hint">{t.cloned}</p> : <p class="field-hint" lang="en" dir="auto">{character.voiceNote}</p>}
    </>
  );
}

function Quality({ character }: { character: Character }) {
  const t = text();
  const { verdict, seconds, levelDb, silenceShare, advice } = character.sampleQuality!;
  return (
    <section class="quality" data-verdict={verdict}>
      <h2>{t.quality}</h2>
      <p><strong class="verdict">{t[verdict]}</strong> {t[`${verdict}Why`]}</p>
      {advice.length > 0 && <ul class="advice">{advice.map((each) => <li key={each} dir="auto">{adviceWords(each)}</li>)}</ul>}
      <dl class="facts">
        <div><dt>{t.length}</dt><dd>{t.seconds(seconds)}</dd></div>
        <div><dt>{t.level}</dt><dd>{t.decibels(levelDb)}</dd></div>
        <div><dt>{t.silence}</dt><dd>{t.share(silenceShare)}</dd></div>
      </dl>
      {character.sampleText && (
        <>
          <p class="field-label">{t.said}</p>
          <blockquote class="words" lang={character.language} dir="auto">{character.sampleText}</blockquote>
        </>
      )}
      {verdict !== 'good' && <LinkButton small icon="microphone" href={`/characters/${character.id}/edit#voice`}>{t.recordAgain}</LinkButton>}
    </section>
  );
}

function ConsentGiven({ character, onChange }: { character: Character; onChange: (changed: Character) => void }) {
  const t = text();
  const { consent } = character;
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const revoke = () => {
    setBusy(true);
    data(api.POST('/api/characters/{characterId}/consent/revoke', { params: { path: { characterId: character.id } } }))
      .then(({ character: changed }) => {
        setAsking(false);
        onChange(changed);
        toast(t.revoked);
      }, setError)
      .finally(() => setBusy(false));
  };
  return (
    <section class="quality">
      <h2>{t.consent}</h2>
      {!consent ? <p>{t.consentNone}</p> : consent.revokedAt ? <p>{t.consentEnded(date(consent.revokedAt, 'long'))}</p> : (
        <>
          <p dir="auto">{t.consentOf(consent.speaker, date(consent.at, 'long'))}</p>
          <Button look="quiet" small onClick={() => setAsking(true)}>{t.revoke}</Button>
        </>
      )}
      {isAsking && (
        <Confirm title={t.revokeTitle} action={t.revokeNow} isBusy={isBusy} onConfirm={revoke} onClose={() => setAsking(false)}>
          <p>{t.revokeWhy}</p>
          <Problem error={error} />
        </Confirm>
      )}
    </section>
  );
}
