import { useEffect, useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { ApiError, fieldMessages } from '../../api/errors.ts';
import { clock, date, languageName } from '../../i18n/index.ts';
import { JobProgress } from '../../jobs/JobProgress.tsx';
import { follow, followed } from '../../jobs/follow.ts';
import { hasEnded, kindOf } from '../../jobs/kinds.ts';
import { cue, download, isPlaying, pause, play, seek, time, track as current } from '../../player/player.ts';
import { Transcript } from '../../player/Transcript.tsx';
import { transcript } from '../../player/words.ts';
import { go, type PageProps } from '../../router.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Failure, Problem, Skeleton } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { change, speakAs } from '../speak/work.ts';
import { text } from './messages.ts';
import { removeRecording } from './removal.ts';
import { cuesOf, trackOf } from './track.ts';
import '../../styles/recording.css';

export default function Recording({ params }: PageProps) {
  const id = params.id!;
  const t = text();
  const ended = followed.value[`voice/${id}`]?.progress;
  const isDone = ended ? hasEnded(ended.job) : false;
  const read = useResource(
    () => data(api.GET('/api/voice/generations/{generationId}', { params: { path: { generationId: id } } })),
    [id, isDone],
  );
  const { value } = read.loaded;
  const job = value.state === 'ready' ? value.value.job : null;
  useEffect(() => {
    if (value.state === 'ready' && !hasEnded(value.value.job)) follow('voice', id, { job: value.value.job, title: value.value.generation.title });
  }, [job?.status]);
  if (value.state === 'loading') return <Page title={t.title} hidesTitle><Skeleton lines={6} /></Page>;
  if (value.state === 'failed') return <Page title={t.title}><Failure error={value.error} onRetry={read.reload} /></Page>;
  const { generation } = value.value;
  const track = trackOf(generation);
  const each = followed.value[`voice/${id}`];
  const isSounding = isPlaying.value && current.value?.id === id;

  const remove = () => {
    go('/history');
    removeRecording(generation, () => go(`/history/${id}`));
  };

  const facts: [string, string][] = [
    [t.language, languageName(generation.language)],
    [t.voice, t[generation.voiceType]],
    ...(generation.seconds === null ? [] : [[t.length, clock(generation.seconds)] as [string, string]]),
    [t.made, date(generation.createdAt, 'long')],
    [t.cost, t.tokens(generation.tokensUsed)],
    [t.file, `${generation.format.toUpperCase()}${generation.size ? `, ${t.size(Math.max(0.1, Math.round(generation.size / 1e5) / 10))}` : ''}`],
  ];
  const changed = ({ generation: now }: Pick<Schemas['GenerationAndJob'], 'generation'>) => read.change((before) => ({ ...before, generation: now }));
  const hasFailed = generation.status === 'failed' || generation.status === 'cancelled';
  return (
    <Page title={generation.title} actions={<Keeping generation={generation} onChange={changed} />}>
      <div class="recording" data-follows={id}>
        <div class="recording-main">
          {each && !isDone && job && !hasEnded(job) && <JobProgress followed={each} onCancel={() => void kindOf('voice').cancel?.(id)} />}
          {generation.error && <Problem error={new ApiError(generation.error.code, generation.error.message)} />}
          {hasFailed && <Again generation={generation} />}
          {track && (
            <>
              <div class="recording-actions">
                <Button look="lit" icon={isSounding ? 'pause' : 'play'} onClick={() => (isSounding ? pause() : void play(track))}>{isSounding ? t.pause1 : t.play1}</Button>
                <Button icon="download" onClick={() => void download(track.source, generation.title).catch(() => toast(t.notDownloaded))}>{t.downloadAudio}</Button>
              </div>
              <Said id={id} language={generation.language} isEstimated={generation.timingSource === 'estimated'} onSeek={(seconds) => void cue(track).then(() => { seek(seconds); void play(track); })} />
            </>
          )}
        </div>
        <aside class="recording-side">
          <dl class="facts">{facts.map(([name, fact]) => <div key={name}><dt>{name}</dt><dd>{fact}</dd></div>)}</dl>
          {track && <Captions id={id} title={generation.title} />}
          <Button look="quiet" small icon="delete" onClick={remove}>{t.delete}</Button>
        </aside>
      </div>
    </Page>
  );
}

type Generation = Schemas['GenerationView'];

/** Its title, and whether it is a favourite. */
function Keeping({ generation: { id, title, favourite }, onChange }: { generation: Generation; onChange: (changed: Schemas['GenerationAndJob']) => void }) {
  const t = text();
  const [isRenaming, setRenaming] = useState(false);
  const put = async (body: Schemas['UpdateGeneration']) => onChange(await data(api.PUT('/api/voice/generations/{generationId}', { params: { path: { generationId: id } }, body })));
  return (
    <>
      <IconButton icon="star" pressed={favourite} label={t.addFavourite} onClick={() => void put({ favourite: !favourite }).catch(() => toast(t.notChanged))} />
      <IconButton icon="edit" label={t.rename} onClick={() => setRenaming(true)} />
      {isRenaming && <Rename title={title} onSave={(name) => put({ title: name })} onClose={() => setRenaming(false)} />}
    </>
  );
}

function Rename({ title, onSave, onClose }: { title: string; onSave: (title: string) => Promise<unknown>; onClose: () => void }) {
  const t = text();
  const [typed, type] = useState(title);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const wrong = fieldMessages(error).title;
  const save = () => {
    setBusy(true);
    setError(null);
    onSave(typed.trim()).then(onClose, (failed: unknown) => {
      setError(failed);
      setBusy(false);
    });
  };
  return (
    <Dialog title={t.rename} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.trim() && !isBusy) save();
        }}
      >
        <TextField label={t.name} dir="auto" maxLength={120} value={typed} error={wrong} onValue={type} />
        {!wrong && <Problem error={error} />}
        <Button type="submit" look="primary" isBusy={isBusy} disabled={!typed.trim()}>{t.save}</Button>
      </form>
    </Dialog>
  );
}

/** What could not be spoken goes back to where it was written. */
function Again({ generation }: { generation: Generation }) {
  const t = text();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const again = async () => {
    setBusy(true);
    setError(null);
    const { id, language, voiceType, voiceStyle: style, voiceId, characterId, speed, format } = generation;
    try {
      const { text: written } = await data(api.GET('/api/voice/generations/{generationId}/text', { params: { path: { generationId: id } } }));
      change({ text: written, language, voiceType, voiceId: voiceId ?? '', characterId: '', style, speed, format });
      if (characterId) await speakAs(characterId);
      go('/speak');
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <div class="stack">
      <Button icon="speak" isBusy={isBusy} onClick={() => void again()}>{t.again}</Button>
      <Problem error={error} />
    </div>
  );
}

/** The words, lit while this recording plays. */
function Said({ id, language, isEstimated, onSeek }: { id: string; language: string; isEstimated: boolean; onSeek: (seconds: number) => void }) {
  const t = text();
  const cues = useResource(async () => transcript(await cuesOf(id)), [id]);
  const { value } = cues.loaded;
  if (value.state === 'loading') return <Skeleton lines={3} />;
  if (value.state === 'failed') return <Problem error={value.error} />;
  if (!value.value.text) return <p class="field-hint">{t.textMissing}</p>;
  return (
    <>
      <Transcript words={value.value} time={time} language={language} onSeek={onSeek} class="said" isCurrent={current.value?.id === id} />
      <p class="field-hint">{t.hint} {isEstimated && t.estimated}</p>
    </>
  );
}

function Captions({ id, title }: { id: string; title: string }) {
  const t = text();
  const [error, setError] = useState<unknown>(null);
  const save = (format: 'srt' | 'vtt') => {
    setError(null);
    download(`/api/voice/generations/${id}/captions?format=${format}`, `${title}.${format}`).catch(setError);
  };
  return (
    <div class="stack">
      <p class="field-label">{t.captions}</p>
      <div class="buttons">
        <Button small onClick={() => save('srt')}>SRT</Button>
        <Button small onClick={() => save('vtt')}>VTT</Button>
      </div>
      <Problem error={error} />
    </div>
  );
}
