import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { api, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { clock, date, languageName, number } from '../../i18n/index.ts';
import { dismiss, follow, followed, type Followed } from '../../jobs/follow.ts';
import { JobProgress } from '../../jobs/JobProgress.tsx';
import { Steps } from '../../jobs/Steps.tsx';
import { hasEnded } from '../../jobs/kinds.ts';
import { cue, download, isPlaying, pause, play, seek, time, track as current, type Track } from '../../player/player.ts';
import { Transcript } from '../../player/Transcript.tsx';
import { transcript } from '../../player/words.ts';
import { go, type PageProps } from '../../router.ts';
import { refresh } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Failure, Problem, Skeleton } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { recordingError } from '../files/errors.ts';
import { erase, removeDub, type Dub } from './dubs.ts';
import { text } from './messages.ts';
import '../../styles/recording.css';
import './dubbing.css';

async function load(dubbingId: string) {
  const { data: envelope } = await api.GET('/api/dubbing/{dubbingId}', { params: { path: { dubbingId } } });
  if (!envelope) throw new ApiError('unexpected_answer', 'no envelope');
  // openapi.json lists the warnings of requests that have a body alone.
  const { warnings } = envelope as { warnings?: Schemas['Notice'][] };
  const late = warnings?.filter((each) => each.code === 'line_late').length ?? 0;
  return { ...envelope.data, late, isPartly: warnings?.some((each) => each.code === 'partly_translated') ?? false };
}

async function cuesOf(dubbingId: string): Promise<Schemas['Cue'][]> {
  const { data: captions } = await api.GET('/api/dubbing/{dubbingId}/media', { params: { path: { dubbingId }, query: { kind: 'captions', format: 'json' } } });
  return (captions as Schemas['Captions']).cues;
}

export default function Dubbing({ params }: PageProps) {
  const id = params.id!;
  const t = text();
  const each = followed.value[`dubbing/${id}`];
  const isOver = each?.progress ? hasEnded(each.progress.job) : false;
  const read = useResource(() => load(id), [id, isOver]);
  const { value } = read.loaded;
  const isAtWork = value.state === 'ready' && !hasEnded(value.value.job);
  useEffect(() => {
    if (value.state === 'ready' && isAtWork) follow('dubbing', id, { job: value.value.job, title: value.value.dubbing.name });
  }, [id, isAtWork]);
  useEffect(() => {
    if (isOver) void refresh();
  }, [isOver]);
  if (value.state === 'loading') return <Page title={t.title} hidesTitle><Skeleton lines={6} /></Page>;
  if (value.state === 'failed') return <Page title={t.title}><Failure error={value.error} onRetry={read.reload} /></Page>;
  const { dubbing, late, isPartly } = value.value;
  const remove = () => {
    go('/dubbing');
    removeDub(dubbing, () => go(`/dubbing/${id}`));
  };
  return (
    <Page title={dubbing.name}>
      <div class="recording" data-follows={id}>
        <div class="recording-main">
          {isAtWork ? (
            <Work each={each} dub={dubbing} />
          ) : dubbing.error ? (
            <Problem error={recordingError(new ApiError(dubbing.error.code, dubbing.error.message))}><LinkButton small href="/dubbing/new">{t.tryAgain}</LinkButton></Problem>
          ) : dubbing.status === 'cancelled' ? (
            <p role="status">{t.wasCancelled}</p>
          ) : dubbing.videoUrl ? (
            <Film dub={dubbing} source={dubbing.videoUrl} onBroken={read.reload} />
          ) : (
            dubbing.audioUrl && <Sound dub={dubbing} source={dubbing.audioUrl} />
          )}
          {!isAtWork && dubbing.audioUrl && <Notes lines={[dubbing.fasterLines ? t.faster(dubbing.fasterLines) : '', late ? t.late(late) : '', isPartly ? t.partly : '']} />}
        </div>
        <aside class="recording-side">
          <Facts dub={dubbing} />
          {dubbing.audioUrl && <Downloads dub={dubbing} />}
          {!isAtWork && <Button look="quiet" small icon="delete" onClick={remove}>{t.delete}</Button>}
        </aside>
      </div>
    </Page>
  );
}

function Work({ each, dub }: { each: Followed | undefined; dub: Dub }) {
  const t = text();
  const error = useSignal<unknown>(null);
  const job = each?.progress?.job;
  if (!each) return <Skeleton lines={4} />;
  const cancel = () => {
    error.value = null;
    erase(dub.id).then(
      () => {
        dismiss('dubbing', dub.id);
        void refresh();
        go('/dubbing');
        toast(t.wasCancelled);
      },
      (failed: unknown) => (error.value = failed),
    );
  };
  const names = { recognition: t.stepListen, translation: t.stepTranslate, speech: t.stepSpeak, assembly: t.stepJoin };
  return (
    <section class="dub-work" aria-label={t.steps}>
      {/* Anew after a failure, so that it can be cancelled again. */}
      <JobProgress key={String(error.value)} followed={each} onCancel={cancel} />
      <Problem error={error.value} />
      {job && <Steps job={job} names={names} />}
      <p class="field-hint">{t.mayLeave}</p>
    </section>
  );
}

function Sound({ dub, source }: { dub: Dub; source: string }) {
  const t = text();
  const { id, name, targetLanguage: language } = dub;
  const track: Track = { id, title: name, about: languageName(language), source, language, cues: () => cuesOf(id), page: `/dubbing/${id}` };
  const isSounding = isPlaying.value && current.value?.id === id;
  return (
    <>
      <div class="recording-actions">
        <Button look="lit" icon={isSounding ? 'pause' : 'play'} onClick={() => (isSounding ? pause() : void play(track))}>{isSounding ? t.pause : t.play}</Button>
      </div>
      <Words dub={dub} time={time} isCurrent={current.value?.id === id} onSeek={(seconds) => void cue(track).then(() => { seek(seconds); void play(track); })} />
    </>
  );
}

function Film({ dub, source, onBroken }: { dub: Dub; source: string; onBroken: () => void }) {
  const t = text();
  const video = useRef<HTMLVideoElement>(null);
  const at = useSignal(0);
  const renewed = useRef(false);
  useEffect(() => {
    let frame = 0;
    const tick = () => {
      if (video.current && !video.current.paused) at.value = video.current.currentTime;
      frame = requestAnimationFrame(tick);
    };
    tick();
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <>
      <video
        ref={video}
        class="dub-screen"
        controls
        playsInline
        preload="metadata"
        src={source}
        aria-label={dub.name}
        onPlay={pause}
        onSeeked={() => (at.value = video.current!.currentTime)}
        onError={() => {
          // The address is good for an hour.
          if (!renewed.current) onBroken();
          renewed.current = true;
        }}
      >
        {dub.captionsUrl && <track kind="captions" src={dub.captionsUrl} srcLang={dub.targetLanguage} label={t.captions} />}
      </video>
      <Words
        dub={dub}
        time={at}
        isCurrent
        onSeek={(seconds) => {
          video.current!.currentTime = seconds;
          void video.current!.play();
        }}
      />
    </>
  );
}

function Words({ dub, ...rest }: { dub: Dub; time: Signal<number>; isCurrent: boolean; onSeek: (seconds: number) => void }) {
  const t = text();
  const read = useResource(async () => transcript(await cuesOf(dub.id)), [dub.id]);
  const { value } = read.loaded;
  if (value.state === 'loading') return <Skeleton lines={3} />;
  if (value.state === 'failed') return <Problem error={value.error}><Button small onClick={read.reload}>{t.tryAgain}</Button></Problem>;
  return (
    <>
      <Transcript words={value.value} language={dub.targetLanguage} class="said" {...rest} />
      <p class="field-hint">{t.hint}</p>
    </>
  );
}

function Notes({ lines }: { lines: string[] }) {
  const said = lines.filter(Boolean);
  return said.length ? <ul class="dub-notes">{said.map((each) => <li key={each}>{each}</li>)}</ul> : null;
}

function Facts({ dub }: { dub: Dub }) {
  const t = text();
  const voice = { female: t.female, male: t.male, kids: t.kids }[dub.voiceType];
  const facts: [string, string][] = [
    [t.from, dub.sourceLanguage ? languageName(dub.sourceLanguage) : t.unknown],
    [t.to, languageName(dub.targetLanguage)],
    ...(voice ? [[t.voice, voice] as [string, string]] : []),
    [t.length, clock(dub.seconds)],
    ...(dub.lines === null ? [] : [[t.lines, number(dub.lines)] as [string, string]]),
    ...(dub.completedAt ? [[t.cost, dub.voiceSecondsUsed ? t.seconds(dub.voiceSecondsUsed) : t.tokens(dub.tokensUsed)] as [string, string]] : []),
    [t.made, date(dub.createdAt, 'long')],
    [t.kept, date(dub.expiresAt, 'long')],
  ];
  return <dl class="facts">{facts.map(([name, fact]) => <div key={name}><dt>{name}</dt><dd>{fact}</dd></div>)}</dl>;
}

function Downloads({ dub }: { dub: Dub }) {
  const t = text();
  const save = (source: string, name: string) => void download(source, name).catch(() => toast(t.notDownloaded));
  const stem = dub.name.replace(/\.[^.]+$/, '');
  const captions = (format: 'srt' | 'vtt') => save(`/api/dubbing/${dub.id}/media?kind=captions&format=${format}`, `${stem}.${format}`);
  return (
    <div class="stack">
      <p class="field-label">{t.downloads}</p>
      <div class="buttons">
        {dub.videoUrl && <Button small icon="download" onClick={() => save(dub.videoUrl!, `${stem}.mp4`)}>{t.film}</Button>}
        <Button small icon="download" onClick={() => save(dub.audioUrl!, `${stem}.mp3`)}>{t.sound}</Button>
        <Button small onClick={() => captions('srt')}>SRT</Button>
        <Button small onClick={() => captions('vtt')}>VTT</Button>
      </div>
    </div>
  );
}
