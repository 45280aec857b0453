// What was heard in a recording: the work, then the words, lit while they sound.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { languageName } from '../../i18n/index.ts';
import { dismiss, follow, followed } from '../../jobs/follow.ts';
import { JobProgress } from '../../jobs/JobProgress.tsx';
import { hasEnded } from '../../jobs/kinds.ts';
import { cue, download, isPlaying, pause, play, seek, time, track as current, type Track } from '../../player/player.ts';
import { Transcript } from '../../player/Transcript.tsx';
import { transcript } from '../../player/words.ts';
import { refresh } from '../../session/session.ts';
import { useConfig } from '../../state/config.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Problem, Skeleton } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { recordingError } from './errors.ts';
import { removeText, transcribed, type Item } from './files.ts';
import { text } from './messages.ts';
import { Translation } from './Translation.tsx';

const cuesOf = (segments: Schemas['SegmentView'][]): Schemas['Cue'][] => segments.map((each) => ({ ...each, speaker: null, line: null }));

interface Props {
  id: string;
  /** The recording, if it is still there. */
  file: Item | null;
  /** Called when the text is deleted, when that is taken back, and when the work is over. */
  onRemove?: () => void;
  onBack?: () => void;
  onOver?: () => void;
}

export function Said({ id, file, onRemove, onBack, onOver }: Props) {
  const t = text();
  const name = `transcription/${id}`;
  const each = followed.value[name];
  const isOver = each?.progress ? hasEnded(each.progress.job) : false;
  const read = useResource(() => transcribed(id), [id, isOver]);
  const { value } = read.loaded;
  const isAtWork = value.state === 'ready' && !hasEnded(value.value.job);
  useEffect(() => {
    if (value.state === 'ready' && isAtWork) follow('transcription', id, { job: value.value.job, title: value.value.transcription.name });
  }, [id, isAtWork]);
  useEffect(() => {
    if (!isOver) return;
    onOver?.();
    void refresh();
  }, [isOver]);
  if (value.state === 'loading') return <Skeleton lines={3} />;
  if (value.state === 'failed') return <Problem error={recordingError(value.error)}><Button small onClick={read.reload}>{t.again}</Button></Problem>;
  const { transcription, text: said, language, segments } = value.value;
  const remove = () => {
    onRemove?.();
    removeText(transcription, onBack);
  };
  if (isAtWork && !isOver) {
    const cancel = () => {
      dismiss('transcription', id);
      remove();
    };
    return (
      <section class="stack said-work" data-follows={id} aria-label={t.listening}>
        {each ? <JobProgress followed={each} onCancel={cancel} /> : <Skeleton lines={1} />}
        <p class="field-hint">{t.mayLeave}</p>
      </section>
    );
  }
  if (transcription.error) return <Problem error={recordingError(new ApiError(transcription.error.code, transcription.error.message))} />;
  if (transcription.status === 'cancelled') return <p role="status">{t.wasCancelled}</p>;
  if (!segments) return <Skeleton lines={3} />;
  if (!said) return <p class="said-nothing" role="status">{t.nobody}</p>;
  return <Words transcription={transcription} segments={segments} said={said} language={language} file={file} onRemove={remove} />;
}

function Words({ transcription, segments, said, language, file, onRemove }: { transcription: Schemas['TranscriptionView']; segments: Schemas['SegmentView'][]; said: string; language: string; file: Item | null; onRemove: () => void }) {
  const t = text();
  const { id, name } = transcription;
  const error = useSignal<unknown>(null);
  const canTranslate = useConfig()?.features.translation;
  const track: Track | null = file && { id, title: name, about: languageName(language), source: file.url, language, cues: async () => cuesOf(segments), page: `/files/${file.id}` };
  const isSounding = isPlaying.value && current.value?.id === id;
  const captions = (format: 'srt' | 'vtt') => {
    error.value = null;
    download(`/api/audio/transcriptions/${id}/captions?format=${format}`, `${name}.${format}`).catch((failed: unknown) => (error.value = failed));
  };
  return (
    <section class="said-all" aria-label={t.whatIsSaid} data-follows={id}>
      <div class="recording-actions">
        {track && <Button look="lit" icon={isSounding ? 'pause' : 'play'} onClick={() => (isSounding ? pause() : void play(track))}>{isSounding ? t.pauseIt : t.playIt}</Button>}
        <Button icon="copy" onClick={() => navigator.clipboard.writeText(said).then(() => toast(t.copied), () => toast(t.notCopied))}>{t.copy}</Button>
        <Button icon="download" onClick={() => captions('srt')}>SRT</Button>
        <Button icon="download" onClick={() => captions('vtt')}>VTT</Button>
      </div>
      <Problem error={error.value} />
      <Transcript
        words={transcript(cuesOf(segments))}
        time={time}
        language={language}
        class="said"
        isCurrent={current.value?.id === id}
        onSeek={(seconds) => {
          if (track) void cue(track).then(() => { seek(seconds); void play(track); });
        }}
      />
      <p class="field-hint">{track ? t.hint : t.noSound}</p>
      {canTranslate && <Translation key={id} said={said} from={language} />}
      <Button look="quiet" small icon="delete" onClick={onRemove}>{t.removeText}</Button>
    </section>
  );
}
