// One recording: playing it, and having it written down.
import { useSignal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { fieldMessages } from '../../api/errors.ts';
import { asForm } from '../../api/form.ts';
import { clock, date } from '../../i18n/index.ts';
import { follow } from '../../jobs/follow.ts';
import { download, isPlaying, pause, play, track as current, type Track } from '../../player/player.ts';
import { go, type PageProps } from '../../router.ts';
import { config } from '../../state/config.ts';
import { transcriptionOf, type Price } from '../../state/prices.ts';
import { quote } from '../../state/quote.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Cost, Shortage } from '../../ui/Cost.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { languageChoices, mainLanguage, spoken } from '../../ui/languages.ts';
import { Page } from '../../ui/Page.tsx';
import { isThere } from '../../ui/removal.ts';
import { Failure, Problem, Skeleton } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { recordingError } from './errors.ts';
import { fileOf, removeFile, size, transcriptions, type Item, type Transcription } from './files.ts';
import { text } from './messages.ts';
import { Said } from './Said.tsx';
import { TextRow } from './Texts.tsx';
import '../../styles/recording.css';
import './files.css';

export default function File({ params }: PageProps) {
  const id = params.id!;
  const t = text();
  const read = useResource(async () => {
    const [file, { items }, { features }] = await Promise.all([fileOf(id), transcriptions(undefined, id), config()]);
    return { file, texts: items, features };
  }, [id]);
  const { value } = read.loaded;
  if (value.state === 'loading') return <Page title={t.file} hidesTitle><Skeleton lines={6} /></Page>;
  if (value.state === 'failed') return <Page title={t.file}><Failure error={value.error} onRetry={read.reload} /></Page>;
  const { file, features } = value.value;
  const texts = value.value.texts.filter(isThere);
  const setTexts = (made: Transcription) => read.change((before) => ({ ...before, texts: [made, ...before.texts] }));
  const remove = () => {
    go('/files');
    removeFile(file, undefined, () => go(`/files/${id}`));
  };
  const facts: [string, string][] = [
    [t.length, clock(file.seconds)],
    [t.size, size(file.size)],
    [t.uploadedOn, date(file.createdAt, 'long')],
    [t.keptUntil, date(file.expiresAt, 'long')],
  ];
  return (
    <Page title={file.name}>
      <div class="recording">
        <div class="recording-main">
          {features.transcription ? (
            <Spoken key={texts[0]?.id ?? ''} file={file} texts={texts} onMade={setTexts} onOver={read.reload} />
          ) : (
            <>
              <Sound file={file} />
              <p class="field-hint">{t.noTranscriber}</p>
            </>
          )}
        </div>
        <aside class="recording-side">
          <dl class="facts">{facts.map(([name, fact]) => <div key={name}><dt>{name}</dt><dd>{fact}</dd></div>)}</dl>
          <div class="stack">
            <Button small icon="download" onClick={() => void download(file.url, file.name).catch(() => toast(t.notDownloaded))}>{t.downloadIt}</Button>
            {features.transcription && features.translation && <LinkButton small icon="dubbing" href={`/dubbing/new?file=${id}`}>{t.dub}</LinkButton>}
          </div>
          <Button look="quiet" small icon="delete" onClick={remove}>{t.removeIt}</Button>
        </aside>
      </div>
    </Page>
  );
}

function Sound({ file }: { file: Item }) {
  const t = text();
  const track: Track = { id: file.id, title: file.name, about: t.title, source: file.url, language: '', page: `/files/${file.id}` };
  const isSounding = isPlaying.value && current.value?.id === file.id;
  return (
    <div class="recording-actions">
      <Button look="lit" icon={isSounding ? 'pause' : 'play'} onClick={() => (isSounding ? pause() : void play(track))}>{isSounding ? t.pauseIt : t.playIt}</Button>
    </div>
  );
}

/** The newest text, or what makes one. */
function Spoken({ file, texts, onMade, onOver }: { file: Item; texts: Transcription[]; onMade: (made: Transcription) => void; onOver: () => void }) {
  const t = text();
  const [latest, ...older] = texts;
  const [asksAgain, askAgain] = useState(false);
  const isUseful = latest && latest.status !== 'failed' && latest.status !== 'cancelled' && latest.speechSeconds !== 0;
  return (
    <>
      {(!latest || !isUseful) && <Sound file={file} />}
      {latest && <Said id={latest.id} file={file} onOver={onOver} />}
      {!isUseful || asksAgain ? <Transcribe file={file} onMade={onMade} /> : <div class="buttons"><Button small onClick={() => askAgain(true)}>{t.transcribeAgain}</Button></div>}
      {older.length > 0 && (
        <section>
          <h2 class="said-older">{t.older}</h2>
          <ol class="rows">{older.map((each) => <TextRow key={each.id} text={each} />)}</ol>
        </section>
      )}
    </>
  );
}

function Transcribe({ file, onMade }: { file: Item; onMade: (made: Transcription) => void }) {
  const t = text();
  const language = useSignal('');
  const isBusy = useSignal(false);
  const error = useSignal<unknown>(null);
  const price = useResource(() => quote(transcriptionOf, file.seconds), [file.id]);
  const offered = useResource(spoken);
  const { value } = price.loaded;
  const known: Price | null = value.state === 'ready' ? value.value : null;
  const codes = offered.loaded.value.state === 'ready' ? [...new Set(offered.loaded.value.value.map(mainLanguage))] : [];
  const start = async () => {
    if (!known?.sufficient || isBusy.value) return;
    isBusy.value = true;
    error.value = null;
    const body: Schemas['TranscribeForm'] = { fileId: file.id, ...(language.value && { language: language.value }), maxTokens: known.tokens };
    try {
      const { transcription, job } = await data(
        api.POST('/api/audio/transcribe', {
          params: { header: { 'Idempotency-Key': keyFor('transcribe', body), Prefer: 'respond-async' } },
          body,
          bodySerializer: asForm,
        }),
      );
      answered('transcribe');
      follow('transcription', transcription.id, { job, title: transcription.name, page: `/files/${file.id}` });
      onMade(transcription);
    } catch (failed) {
      error.value = failed;
    }
    isBusy.value = false;
  };
  return (
    <form
      class="transcribe"
      aria-label={t.transcribe}
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <p class="transcribe-why">{t.transcribeWhy}</p>
      <SelectField label={t.language} value={language.value} choices={[{ value: '', label: t.detected }, ...languageChoices(codes)]} error={fieldMessages(error.value).language} onValue={(chosen) => (language.value = chosen)} />
      {value.state === 'failed' && <Problem error={value.error}><Button small onClick={price.reload}>{t.again}</Button></Problem>}
      {!fieldMessages(error.value).language && <Problem error={recordingError(error.value)} />}
      {known && !known.sufficient && <Shortage needed={known.tokens} available={known.available} />}
      <div class="transcribe-go">
        <div aria-live="polite">
          {known?.sufficient && <Cost price={known} isMost />}
          {known?.sufficient && <p class="field-hint">{t.onlySpeech}</p>}
        </div>
        <Button type="submit" look="primary" icon="text" isBusy={isBusy.value} disabled={!known?.sufficient}>{t.transcribe}</Button>
      </div>
    </form>
  );
}
