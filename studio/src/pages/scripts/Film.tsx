import { useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { ApiError } from '../../api/errors.ts';
import { clock, number } from '../../i18n/index.ts';
import { dismiss, follow, followed, type Followed } from '../../jobs/follow.ts';
import { hasEnded, kindOf } from '../../jobs/kinds.ts';
import { JobProgress } from '../../jobs/JobProgress.tsx';
import { Steps } from '../../jobs/Steps.tsx';
import { download, pause } from '../../player/player.ts';
import type { PageProps } from '../../router.ts';
import { refresh } from '../../session/session.ts';
import { draft } from '../../state/drafts.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Cost, Shortage } from '../../ui/Cost.tsx';
import { Choices } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty, Failure, Problem, Skeleton } from '../../ui/States.tsx';
import { load, quote, type Script } from './editing.ts';
import { text } from './film-messages.ts';
import './scripts.css';

const COLOURS = ['#16181d', '#20344a', '#3b2a40', '#24402f', '#5a2e22', '#ece7db'] as const;

/** The same for the next film. */
const options = draft('film', { background: '#20344a', resolution: '1280x720' as Schemas['Resolution'], captions: true });

const choose = (changes: Partial<typeof options.value>): void => {
  options.value = { ...options.value, ...changes };
};

export default function Film({ params }: PageProps) {
  const id = params.id!;
  const t = text();
  const read = useResource(async () => {
    const script = await load(id);
    if (script.activeJobId) follow('script', script.activeJobId);
    return script;
  }, [id]);
  const { value } = read.loaded;
  useSignalEffect(() => {
    const loaded = read.loaded.value;
    const jobId = loaded.state === 'ready' ? loaded.value.activeJobId : null;
    const progress = jobId ? followed.value[`script/${jobId}`]?.progress : null;
    if (!jobId || !progress || !hasEnded(progress.job)) return;
    dismiss('script', jobId);
    read.reload();
    void refresh();
  });
  if (value.state === 'loading') return <Page title={t.film} wide><Skeleton lines={6} /></Page>;
  if (value.state === 'failed') return <Page title={t.film}><Failure error={value.error} onRetry={read.reload} /></Page>;
  const script = value.value;
  const back = <a href={`/scripts/${id}`} dir="auto">{script.title}</a>;
  if (!script.lineCount) {
    return (
      <Page title={t.film} lead={back}>
        <Empty title={t.filmEmpty} action={<LinkButton href={`/scripts/${id}`}>{t.toScript}</LinkButton>}>{t.filmEmptyWhy}</Empty>
      </Page>
    );
  }
  const each = script.activeJobId ? followed.value[`script/${script.activeJobId}`] : undefined;
  return (
    <Page title={t.film} lead={back} wide>
      <div class="film" data-follows={script.activeJobId ?? undefined}>
        <div class="film-main">
          {script.activeJobId ? (
            <Work each={each} jobId={script.activeJobId} />
          ) : (
            <>
              <Outcome script={script} />
              {script.finalVideoPath ? <Screen key={script.finalVideoPath.split('?')[0]} script={script} onBroken={read.reload} /> : <Frame />}
            </>
          )}
        </div>
        <Settings script={script} onStarted={(job) => read.change((value) => ({ ...value, activeJobId: job.jobId }))} />
      </div>
    </Page>
  );
}

/** The film as it will be: the background, and where the words go. */
function Frame() {
  const t = text();
  const { background, resolution, captions } = options.value;
  const isLight = background === '#ece7db';
  return (
    <div class="film-frame" data-tall={resolution === '720x1280' || undefined} data-light={isLight || undefined} style={background.startsWith('#') ? { backgroundColor: background } : {}}>
      <p>{t.noFilm}</p>
      {captions && <span class="film-caption" aria-hidden="true">{t.captionSample}</span>}
    </div>
  );
}

/** Why there is no newer film than the one that is shown. */
function Outcome({ script }: { script: Script }) {
  const t = text();
  const { videoJobStatus: status, videoJobErrorMessage: why } = script;
  if (status === 'failed') return <Problem error={new ApiError('film_failed', why ?? t.filmFailed)} />;
  if (status === 'cancelled') return <p class="notice" role="status">{t.filmCancelled}</p>;
  if (script.finalVideoPath && script.videoRevision !== script.revision) return <p class="notice">{t.filmOld}</p>;
  return null;
}

function Work({ each, jobId }: { each: Followed | undefined; jobId: string }) {
  const t = text();
  const job = each?.progress?.job;
  if (!each) return <Skeleton lines={4} />;
  return (
    <section class="film-work" aria-label={t.steps}>
      <JobProgress followed={each} onCancel={() => void kindOf('script').cancel?.(jobId)} />
      {job?.kind === 'video' && <Steps job={job} names={stepNames()} />}
      <p class="field-hint">{job?.kind === 'video' ? t.mayLeave : t.speaksFirst}</p>
    </section>
  );
}

function stepNames() {
  const t = text();
  return {
    audio_validation: t.stepCheck,
    audio_generation: t.stepSpeak,
    video_generation: t.stepDraw,
    video_assembly: t.stepJoin,
    upload: t.stepStore,
  };
}

function Screen({ script, onBroken }: { script: Script; onBroken: () => void }) {
  const t = text();
  const error = useSignal<unknown>(null);
  const renewed = useRef(false);
  const source = script.finalVideoPath!;
  return (
    <>
      <video
        class="film-screen"
        controls
        playsInline
        preload="metadata"
        src={source}
        poster={script.posterUrl ?? undefined}
        aria-label={script.title}
        onPlay={pause}
        onError={() => {
          // The address is good for an hour.
          if (!renewed.current) onBroken();
          renewed.current = true;
        }}
      >
        {script.captionsUrl && <track kind="captions" src={script.captionsUrl} srcLang={script.language || 'en'} label={t.captions} />}
      </video>
      <div class="film-take">
        <Button icon="download" onClick={() => void download(source, `${script.title}.mp4`).catch((failed: unknown) => (error.value = failed))}>{t.downloadFilm}</Button>
        <p class="film-facts">
          {script.videoDuration !== null && <span dir="ltr">{clock(script.videoDuration)}</span>}
          {script.videoSize !== null && <span>{t.megabytes(number(Math.max(0.1, Math.round(script.videoSize / 1e5) / 10)))}</span>}
        </p>
      </div>
      <Problem error={error.value} />
    </>
  );
}

function Settings({ script, onStarted }: { script: Script; onStarted: (job: Schemas['VideoJobView']) => void }) {
  const t = text();
  const error = useSignal<unknown>(null);
  const isBusy = useSignal(false);
  const offered = useResource(async () => (await data(api.GET('/api/videos/backgrounds'))).backgrounds);
  const isWorking = script.activeJobId !== null;
  const price = useResource(async () => (isWorking ? null : quote(script.id, { operation: 'video' })), [isWorking, script.revision, script.audioCount]);
  const { value } = price.loaded;
  const known = value.state === 'ready' && !isWorking ? value.value : null;
  const clips = offered.loaded.value.state === 'ready' ? offered.loaded.value.value : [];
  const { background: wanted, resolution, captions } = options.value;
  const background = wanted.startsWith('#') || clips.some((each) => each.name === wanted) ? wanted : COLOURS[1];

  const start = async () => {
    if (!known?.sufficient) return;
    isBusy.value = true;
    error.value = null;
    const body = { backgroundVideo: background, resolution, captions, maxTokens: known.tokens };
    const purpose = `film ${script.id}`;
    const key = keyFor(purpose, [body, script.revision, script.videoJobId]);
    try {
      const { job } = await data(api.POST('/api/scripts/{scriptId}/generate-video', { params: { path: { scriptId: script.id }, header: { 'Idempotency-Key': key } }, body }));
      answered(purpose);
      follow('script', job.jobId, { job, title: script.title, page: `/scripts/${script.id}/film` });
      onStarted(job);
      void refresh();
    } catch (failed) {
      error.value = failed;
    }
    isBusy.value = false;
  };
  return (
    <form
      class="film-settings"
      aria-label={t.filmSettings}
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <fieldset class="backgrounds" disabled={isWorking}>
        <legend class="field-label">{t.background}</legend>
        <div class="backgrounds-row">
          {COLOURS.map((colour, place) => (
            <label key={colour} class="background" title={t.colours(place)}>
              <input type="radio" name="background" checked={background === colour} aria-label={t.colours(place)} onChange={() => choose({ background: colour })} />
              <span style={{ backgroundColor: colour }} />
            </label>
          ))}
          {clips.map((clip) => (
            <label key={clip.name} class="background" title={clip.title}>
              <input type="radio" name="background" checked={background === clip.name} aria-label={clip.title} onChange={() => choose({ background: clip.name })} />
              <span>{clip.posterUrl ? <img src={clip.posterUrl} alt="" loading="lazy" /> : clip.title}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <Choices label={t.size} value={resolution} choices={[{ value: '1280x720', label: t.wide }, { value: '720x1280', label: t.tall }]} onValue={(chosen) => choose({ resolution: chosen as Schemas['Resolution'] })} />
      <label class="film-check">
        <input type="checkbox" checked={captions} onChange={() => choose({ captions: !captions })} />
        <span>{t.burnCaptions}</span>
      </label>
      <Problem error={error.value ?? (value.state === 'failed' ? value.error : null)} />
      {known && !known.sufficient && <Shortage needed={known.tokens} available={known.available} />}
      {!isWorking && (
        <div class="film-go">
          {known?.sufficient && <Cost price={known} />}
          <Button type="submit" look="primary" icon="film" isBusy={isBusy.value} disabled={!known?.sufficient}>{script.finalVideoPath ? t.filmAgain : t.filmIt}</Button>
        </div>
      )}
    </form>
  );
}
