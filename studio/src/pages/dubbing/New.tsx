import { signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { api, page, type Schemas } from '../../api/client.ts';
import { fieldMessages } from '../../api/errors.ts';
import { answered, keyFor, mark } from '../../api/idempotency.ts';
import { upload } from '../../api/upload.ts';
import { clock, languageName } from '../../i18n/index.ts';
import { follow } from '../../jobs/follow.ts';
import { play } from '../../player/player.ts';
import { address, go } from '../../router.ts';
import { refresh } from '../../session/session.ts';
import { config } from '../../state/config.ts';
import { draft } from '../../state/drafts.ts';
import { dubbingOf, type Price } from '../../state/prices.ts';
import { quote } from '../../state/quote.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Cost, Shortage } from '../../ui/Cost.tsx';
import { Choices, SelectField } from '../../ui/Field.tsx';
import { languageChoices, mainLanguage, spoken, translated } from '../../ui/languages.ts';
import { Page } from '../../ui/Page.tsx';
import { Empty, Loading, Problem } from '../../ui/States.tsx';
import { recordingError, tooLong } from '../files/errors.ts';
import { files, size } from '../files/files.ts';
import { canDub } from './dubs.ts';
import { lengthOf } from './length.ts';
import { text } from './messages.ts';
import '../files/files.css';
import './dubbing.css';

const wanted = draft('dub', { way: 'mine' as 'mine' | 'new', fileId: '', from: '', into: '', voiceId: '' });

const change = (changes: Partial<typeof wanted.value>): void => {
  wanted.value = { ...wanted.value, ...changes };
};

/** A file that is not uploaded. `seconds`: undefined until it is known, null if the browser cannot tell. */
const picked = signal<{ file: File; seconds: number | null | undefined } | null>(null);

function pick(file: File | undefined): void {
  if (!file) return;
  picked.value = { file, seconds: undefined };
  void lengthOf(file).then((seconds) => {
    if (picked.value?.file === file) picked.value = { file, seconds };
  });
}

async function load() {
  const known = await config();
  if (!canDub(known)) return { config: known, mine: [], sources: [], targets: [] };
  const [{ items }, { sources, targets }, voices] = await Promise.all([files(undefined, 100), translated(), spoken()]);
  return { config: known, mine: items, sources, targets: voices.filter((each) => targets.includes(each) || targets.includes(mainLanguage(each))) };
}

export default function New() {
  const t = text();
  const offered = useResource(load);
  return (
    <Page title={t.newTitle} lead={t.newLead}>
      <Loading of={offered} lines={6}>
        {(value) =>
          !canDub(value.config) ? <Empty title={t.offTitle}>{t.off}</Empty> : value.targets.length === 0 ? <Empty title={t.noPairTitle}>{t.noPair}</Empty> : <Form {...value} />
        }
      </Loading>
    </Page>
  );
}

type Offered = Awaited<ReturnType<typeof load>>;

function Form({ config: { limits, prices }, mine, sources, targets }: Offered) {
  const t = text();
  const error = useSignal<unknown>(null);
  const part = useSignal<number | null>(null);
  const controller = useRef<AbortController | null>(null);
  const asked = address.value.searchParams.get('file');
  useEffect(() => {
    if (asked) change({ way: 'mine', fileId: asked });
  }, [asked]);
  useEffect(() => () => controller.current?.abort(), []);
  const { fileId, from, voiceId } = wanted.value;
  const way = mine.length ? wanted.value.way : 'new';
  const others = targets.filter((each) => mainLanguage(each) !== from);
  const into = others.includes(wanted.value.into) ? wanted.value.into : '';
  const chosen = mine.find((each) => each.id === fileId);
  const local = way === 'new' ? picked.value : null;
  const seconds = way === 'mine' ? chosen?.seconds : local?.seconds;
  const price = useResource(async () => (typeof seconds === 'number' ? quote(dubbingOf, seconds) : null), [seconds]);
  const { value } = price.loaded;
  const known: Price | null = typeof seconds === 'number' && value.state === 'ready' ? value.value : null;
  const isTooLong = typeof seconds === 'number' && seconds > limits.dubbedSeconds;
  const isTooLarge = local !== null && local.file.size > limits.dubbedBytes;
  const hasSource = way === 'mine' ? chosen !== undefined : local !== null && local.seconds !== undefined;
  const canStart = hasSource && !isTooLong && !isTooLarge && into !== '' && (seconds === null || known?.sufficient === true);
  const wrong = fieldMessages(error.value);

  const start = async () => {
    if (!canStart || part.value !== null) return;
    error.value = null;
    part.value = 0;
    controller.current = new AbortController();
    const fields = { ...(way === 'mine' && { fileId }), targetLanguage: into, ...(from && { sourceLanguage: from }), ...(voiceId && { voiceId }) };
    const form = new FormData();
    for (const [name, each] of Object.entries(fields)) form.append(name, each);
    if (local) form.append('media', local.file, local.file.name);
    try {
      const key = keyFor('dub', { ...fields, ...(local && { media: mark(local.file) }) });
      const options = { signal: controller.current.signal, headers: { 'Idempotency-Key': key }, onProgress: (done: number) => (part.value = done) };
      const { dubbing, job } = await upload<Schemas['DubbingAndJob']>('/api/dubbing', form, options);
      answered('dub');
      picked.value = null;
      change({ fileId: '' });
      follow('dubbing', dubbing.id, { job, title: dubbing.name });
      void refresh();
      go(`/dubbing/${dubbing.id}`);
    } catch (failed) {
      if (!controller.current.signal.aborted) error.value = failed;
    }
    part.value = null;
  };
  return (
    <form
      class="dub"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      {mine.length > 0 && <Choices label={t.source} value={way} choices={[{ value: 'mine', label: t.mine }, { value: 'new', label: t.upload }]} onValue={(each) => change({ way: each as 'mine' | 'new' })} />}
      {way === 'mine' ? (
        <SelectField label={t.file} value={chosen ? fileId : ''} choices={[{ value: '', label: t.chooseFile }, ...mine.map((each) => ({ value: each.id, label: `${each.name} · ${clock(each.seconds)}` }))]} error={wrong.fileId ?? (isTooLong ? tooLong(limits.dubbedSeconds) : undefined)} onValue={(each) => change({ fileId: each })} />
      ) : (
        <Source limits={limits} error={isTooLarge ? t.tooLarge(size(limits.dubbedBytes)) : isTooLong ? tooLong(limits.dubbedSeconds) : wrong.media} />
      )}
      <div class="dub-languages">
        <SelectField label={t.languageFrom} value={from} choices={[{ value: '', label: t.detected }, ...languageChoices(sources)]} error={wrong.sourceLanguage} onValue={(each) => change({ from: each })} />
        <SelectField label={t.languageInto} value={into} choices={[{ value: '', label: t.chooseLanguage }, ...languageChoices(others)]} error={wrong.targetLanguage} onValue={(each) => change({ into: each, voiceId: '' })} />
      </div>
      {into && <Voice language={into} error={wrong.voiceId} />}
      {!Object.keys(wrong).length && <Problem error={recordingError(error.value)} />}
      {value.state === 'failed' && <Problem error={value.error}><Button small onClick={price.reload}>{t.tryAgain}</Button></Problem>}
      {known && !known.sufficient && <Shortage needed={known.tokens} available={known.available} />}
      {part.value !== null && local && <Sending part={part.value} name={local.file.name} onStop={() => controller.current?.abort()} />}
      <div class="dub-go">
        <div aria-live="polite">
          {!hasSource ? (
            <p class="field-hint">{t.chooseFirst}</p>
          ) : (
            <>
              {known?.sufficient && <Cost price={known} isMost />}
              {seconds === null && <p class="cost">{t.unknownLength} {t.perMinute(dubbingOf(60, prices).tokens)}</p>}
              <p class="field-hint">{t.onlySpeech}</p>
            </>
          )}
        </div>
        <Button type="submit" look="primary" icon="dubbing" isBusy={part.value !== null} disabled={!canStart}>{t.dub}</Button>
      </div>
    </form>
  );
}

/** A file of this machine, which is sent when the work begins. */
function Source({ limits, error }: { limits: Schemas['LimitsView']; error: string | undefined }) {
  const t = text();
  const input = useRef<HTMLInputElement>(null);
  const isOver = useSignal(false);
  const chosen = picked.value;
  return (
    <div class="stack">
      <div
        class="drop"
        data-over={isOver.value || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          isOver.value = true;
        }}
        onDragLeave={() => (isOver.value = false)}
        onDrop={(event) => {
          event.preventDefault();
          isOver.value = false;
          pick(event.dataTransfer?.files[0]);
        }}
      >
        <input
          ref={input}
          type="file"
          class="visually-hidden"
          aria-label={t.choose}
          tabIndex={-1}
          accept="audio/*,video/mp4,video/quicktime,.mov,.m4v,.aiff,.caf,.amr"
          onChange={(event) => {
            pick(event.currentTarget.files?.[0]);
            event.currentTarget.value = ''; // the same file can be chosen again
          }}
        />
        {chosen ? (
          <p class="dub-picked" role="status">
            <strong><bdi>{chosen.file.name}</bdi></strong>
            <span>{[typeof chosen.seconds === 'number' && clock(chosen.seconds), size(chosen.file.size)].filter(Boolean).join(' · ')}</span>
          </p>
        ) : (
          <p>{t.chooseHint(size(limits.dubbedBytes), Math.floor(limits.dubbedSeconds / 60))}</p>
        )}
        <Button icon="upload" onClick={() => input.current?.click()}>{chosen ? t.chooseOther : t.choose}</Button>
      </div>
      {error && <p class="field-error" role="alert">{error}</p>}
    </div>
  );
}

function Voice({ language, error }: { language: string; error: string | undefined }) {
  const t = text();
  const { voiceId } = wanted.value;
  const voices = useResource(async () => (await page(api.GET('/api/voice/voices', { params: { query: { language, limit: 100 } } }))).data.voices, [language]);
  const known = voices.loaded.value;
  const listed = known.state === 'ready' ? known.value : [];
  const heard = listed.find((each) => each.id === voiceId) ?? listed[0];
  return (
    <div class="dub-voice">
      <SelectField label={t.voice} value={voiceId} choices={[{ value: '', label: t.any }, ...listed.map((each) => ({ value: each.id, label: each.name }))]} error={error} onValue={(value) => change({ voiceId: value })} />
      {heard && (
        <IconButton
          icon="play"
          label={t.preview}
          onClick={() => void play({ id: `preview ${heard.id}`, title: t.previewOf(heard.name), about: languageName(language), source: `/api/voice/voices/${encodeURIComponent(heard.id)}/preview`, language })}
        />
      )}
    </div>
  );
}

function Sending({ part, name, onStop }: { part: number; name: string; onStop: () => void }) {
  const t = text();
  const percent = Math.floor(part * 100);
  return (
    <div class="sending">
      <p class="sending-name"><bdi>{name}</bdi></p>
      <p class="row-about">{percent < 100 ? `${t.sending} ${t.percent(percent)}` : t.sent}</p>
      <progress class="bar" max={100} value={percent} aria-label={t.sending} />
      <div class="sending-ways"><IconButton icon="close" label={t.stop} onClick={onStop} /></div>
    </div>
  );
}
