// Under the text: the work, then what came of it.
import { useEffect, useRef } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { dismiss, follow, followed } from '../../jobs/follow.ts';
import { hasEnded, kindOf } from '../../jobs/kinds.ts';
import { JobProgress } from '../../jobs/JobProgress.tsx';
import { cue, play, seek, time, track as current, words } from '../../player/player.ts';
import { Transcript } from '../../player/Transcript.tsx';
import { state } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Problem } from '../../ui/States.tsx';
import { trackOf } from '../history/track.ts';
import { text } from './messages.ts';
import { change, speech } from './work.ts';

export function Result() {
  const { generation: id } = speech.value;
  const each = followed.value[`voice/${id}`];
  useEffect(() => {
    // After a reload, one that has ended is read once.
    if (id && state.value === 'in' && !each) follow('voice', id);
  }, [id, state.value]);
  if (!id || !each) return null;
  const job = each.progress?.job;
  return (
    <section class="result" data-follows={id}>
      {!job || !hasEnded(job) ? (
        <JobProgress followed={each} onCancel={() => void kindOf('voice').cancel?.(id)} />
      ) : job.status === 'completed' ? (
        <Finished id={id} />
      ) : (
        <Ended id={id} isCancelled={job.status === 'cancelled'} error={job.error && new ApiError(job.error.code, job.error.message)} />
      )}
    </section>
  );
}

function Finished({ id }: { id: string }) {
  const t = text();
  const box = useRef<HTMLDivElement>(null);
  const read = useResource(
    async () => (await data(api.GET('/api/voice/generations/{generationId}', { params: { path: { generationId: id } } }))).generation,
    [id],
  );
  const { value } = read.loaded;
  const track = value.state === 'ready' ? trackOf(value.value) : null;
  useEffect(() => {
    if (!track) return;
    void cue(track);
    // Sound begins with a click, which Safari insists on: the button is one Enter away.
    const { activeElement } = document;
    if (!activeElement || activeElement === document.body || activeElement.matches('[type=submit]')) box.current?.querySelector('button')?.focus();
  }, [track?.id]);
  if (value.state === 'failed') return <Problem error={value.error} />;
  return (
    <>
      <div class="result-done" ref={box}>
        <p role="status"><strong>{t.done}</strong></p>
        {track && <Button look="lit" icon="play" onClick={() => void play(track)}>{t.play}</Button>}
        <LinkButton href={`/history/${id}`} look="quiet">{t.details}</LinkButton>
      </div>
      {track && current.value?.id === id && words.value && (
        <Transcript words={words.value} time={time} language={track.language} onSeek={(seconds) => { seek(seconds); void play(track); }} />
      )}
    </>
  );
}

function Ended({ id, isCancelled, error }: { id: string; isCancelled: boolean; error: ApiError | null }) {
  const t = text();
  return (
    <div class="result-done">
      {isCancelled ? <p role="status">{t.cancelled}</p> : <><p><strong>{t.failed}</strong></p><Problem error={error} /></>}
      <Button small onClick={() => { dismiss('voice', id); change({ generation: '' }); }}>OK</Button>
    </div>
  );
}
