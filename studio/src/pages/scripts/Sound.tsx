// The whole dialogue: what it costs to have it spoken, how far that is, and playing it.
import { useEffect } from 'preact/hooks';
import { clock } from '../../i18n/index.ts';
import { kindOf } from '../../jobs/kinds.ts';
import { JobProgress } from '../../jobs/JobProgress.tsx';
import { isPlaying, pause, play, track as current } from '../../player/player.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Cost, Shortage } from '../../ui/Cost.tsx';
import { Problem } from '../../ui/States.tsx';
import { quote, type Editing } from './editing.ts';
import { isCurrent, isSent } from './lines.ts';
import { text } from './messages.ts';
import { trackOf } from './track.ts';

export function Sound({ editing }: { editing: Editing }) {
  const t = text();
  const script = editing.script.value;
  const lines = editing.shown.value.filter(isSent);
  const spoken = lines.filter(isCurrent).length;
  const track = editing.isDirty.value ? null : trackOf(script);
  const isSounding = isPlaying.value && current.value?.id === track?.id;
  return (
    <section class="script-sound" aria-label={t.sound}>
      <p class="script-count">
        <strong>{t.linesSpoken(spoken, lines.length)}</strong>
        {track && script.audioDuration !== null && <span dir="ltr">{clock(script.audioDuration)}</span>}
      </p>
      {editing.isLocked.value ? (
        <>
          {editing.job.value && <JobProgress followed={editing.job.value} onCancel={() => void kindOf('script').cancel?.(script.activeJobId!)} />}
          <p class="field-hint">{t.locked}</p>
        </>
      ) : track ? (
        <Button look="lit" icon={isSounding ? 'pause' : 'play'} onClick={() => (isSounding ? pause() : void play(track))}>{isSounding ? t.pause : t.playAll}</Button>
      ) : (
        <SpeakAll editing={editing} />
      )}
      <Problem error={editing.jobError.value} />
      {lines.length > 0 && <LinkButton href={`/scripts/${script.id}/film`} icon="film">{script.finalVideoPath ? t.toFilm : t.makeFilm}</LinkButton>}
    </section>
  );
}

function SpeakAll({ editing }: { editing: Editing }) {
  const t = text();
  const { id, revision, audioCount } = editing.script.value;
  const hasLines = editing.shown.value.some(isSent);
  // It is for what is saved.
  const isReady = hasLines && editing.saving.value === 'saved';
  const price = useResource(async () => (isReady ? quote(id, { operation: 'audio' }) : null), [isReady, revision, audioCount]);
  const { value } = price.loaded;
  const known = isReady && value.state === 'ready' ? value.value : null;
  const speak = () => {
    if (known?.sufficient) void editing.speakAll(known.tokens);
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !document.querySelector('dialog[open]')) speak();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
  if (!hasLines) return <p class="field-hint">{t.noLines}</p>;
  return (
    <>
      <div class="script-price" aria-live="polite">
        {known && !known.sufficient && <Shortage needed={known.tokens} available={known.available} />}
        {known?.sufficient && <Cost price={known} />}
        {!known && value.state !== 'failed' && editing.saving.value !== 'failed' && <p class="cost"><span>{t.price}</span></p>}
      </div>
      {isReady && value.state === 'failed' && <Problem error={value.error} />}
      {editing.saving.value === 'saved' && <Problem error={editing.problem.value} />}
      <Button look="primary" icon="speak" isBusy={editing.isStarting.value} disabled={!known?.sufficient} onClick={speak}>{t.speakAll}</Button>
    </>
  );
}
