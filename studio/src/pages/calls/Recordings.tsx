// The films of a call, and what the company says about them.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { date } from '../../i18n/index.ts';
import { pause } from '../../player/player.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Loading } from '../../ui/States.tsx';
import { text } from './call-messages.ts';
import { Comments } from './Comments.tsx';

type Recording = Schemas['RecordingView'];

const AGAIN = 4000; // ms
const isOver = ({ state }: Recording): boolean => state === 'ready' || state === 'failed';

export function Recordings({ call }: { call: Schemas['CallView'] }) {
  const t = text();
  const found = useResource(async () => (await data(api.GET('/api/calls/{callId}/recordings', { params: { path: { callId: call.id } } }))).recordings, [call.id]);
  const known = found.loaded.value;
  const isMoving = known.state === 'ready' && !known.value.every(isOver);
  useEffect(() => {
    if (!isMoving) return;
    const timer = setInterval(found.reload, AGAIN);
    return () => clearInterval(timer);
  }, [isMoving]);
  return (
    <section class="stack">
      <h2>{t.recordings}</h2>
      <Loading of={found} lines={2}>
        {(all) => (all.length === 0 ? <p class="field-hint">{t.noRecordings}</p> : <ul class="call-recordings">{all.map((each) => <Film key={each.id} recording={each} onLost={found.reload} />)}</ul>)}
      </Loading>
    </section>
  );
}

function Film({ recording, onLost }: { recording: Recording; onLost: () => void }) {
  const t = text();
  const video = useRef<HTMLVideoElement>(null);
  const [isLost, setLost] = useState(false);
  const { file, state, endReason } = recording;
  const states = { requested: t.requested, starting: t.starting, recording: t.nowRecording, stopping: t.processing, processing: t.processing, failed: t.recordingFailed, ready: '' };
  const why = state === 'failed' && (endReason === 'declined' ? t.declined : endReason === 'unanswered' ? t.unanswered : '');
  const when = date(recording.startedAt, 'long');
  return (
    <li class="stack">
      <p class="row-about">
        {states[state] && <span class="tag" data-status={state === 'recording' ? 'in_progress' : state}>{states[state]}</span>}
        <time dateTime={recording.startedAt}>{when}</time>
        {recording.name && <span dir="auto">{t.by_(recording.name)}</span>}
        {why && <span>{why}</span>}
      </p>
      {file && (
        <>
          <video
            ref={video}
            class="call-film"
            controls
            playsInline
            preload="metadata"
            aria-label={t.filmOf(when)}
            src={file.url}
            width={file.width || undefined}
            height={file.height || undefined}
            onPlay={pause}
            onError={() => setLost(true)}
            onLoadedMetadata={() => setLost(false)}
          />
          {isLost && <p class="problem" role="alert">{t.lost} <Button small onClick={onLost}>{t.look}</Button></p>}
          <details class="calls-details">
            <summary>{t.commentsAt}</summary>
            <Comments
              kind="recording"
              id={recording.id}
              at={() => video.current?.currentTime ?? 0}
              onSeek={(seconds) => {
                video.current!.currentTime = seconds;
                video.current!.focus();
              }}
            />
          </details>
        </>
      )}
    </li>
  );
}
