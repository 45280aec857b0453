// The voice: recorded here, or uploaded.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { clock, languageName } from '../../i18n/index.ts';
import { close, isPlaying, pause, play, track as current } from '../../player/player.ts';
import { leaving } from '../../router.ts';
import { useConfig } from '../../state/config.ts';
import { Button } from '../../ui/Button.tsx';
import { text, passages } from './messages.ts';
import { LONGEST, loudness, Recorder } from './recorder.ts';

const MEGABYTE = 1024 * 1024;
const TAKE = 'take';

interface Props {
  language: string;
  sound: Blob | null;
  onSound: (sound: Blob | null) => void;
  /** Beside the recorder if it was forgotten. */
  error: string | undefined;
}

export function Sample({ language, sound, onSound, error }: Props) {
  const t = text();
  useUnsaved(sound !== null);
  return (
    <div class="sample">
      {sound ? <Take sound={sound} language={language} onDiscard={() => onSound(null)} /> : <Stage language={language} onSound={onSound} />}
      {error && <p class="field-error" role="alert">{error}</p>}
      {!sound && <Upload onSound={onSound} />}
      <p class="visually-hidden" role="status">{sound && t.taken}</p>
    </div>
  );
}

/** The dark box with the button, and what the microphone hears. */
function Stage({ language, onSound }: { language: string; onSound: (sound: Blob) => void }) {
  const t = text();
  const recorder = useMemo(() => new Recorder(onSound), []);
  useEffect(() => () => recorder.dispose(), []);
  const { stage, problem, levels, seconds } = recorder;
  const isRecording = stage.value === 'recording';
  const spoken = language.slice(0, 2);
  const passage = passages[spoken];
  const left = Math.max(0, LONGEST - seconds.value);
  return (
    <div class="stage">
      {passage && (
        <div class="stage-passage">
          <p>{t.readAloud}</p>
          <blockquote lang={spoken} dir="auto">{passage}</blockquote>
        </div>
      )}
      <div class="stage-row">
        {isRecording ? (
          <Button look="lit" icon="pause" onClick={recorder.stop}>{t.recordStop}</Button>
        ) : (
          <Button look="lit" icon="microphone" isBusy={stage.value === 'asking'} onClick={() => { pause(); void recorder.start(); }}>{t.record}</Button>
        )}
        <Levels levels={levels.value} />
        <span class="stage-left" dir="ltr" role="timer">{clock(isRecording ? Math.ceil(left) : LONGEST)}</span>
      </div>
      <p class="stage-note" role="status">
        {stage.value === 'asking' ? t.asking : isRecording && levels.value.length > 12 ? t[loudness(levels.value)] : ''}
      </p>
      {problem.value && <p class="stage-problem" role="alert">{t[problem.value]}</p>}
    </div>
  );
}

const BARS = 48;

function Levels({ levels }: { levels: readonly number[] }) {
  return (
    <svg class="levels" viewBox={`0 0 ${BARS * 5} 40`} preserveAspectRatio="none" aria-hidden="true" data-sounds={levels.length > 0 || undefined}>
      {Array.from({ length: BARS }, (_, place) => {
        const tall = 3 + (levels[levels.length - BARS + place] ?? 0) * 37;
        return <rect key={place} x={place * 5 + 1} y={20 - tall / 2} width="3" height={tall} rx="1.5" />;
      })}
    </svg>
  );
}

function Take({ sound, language, onDiscard }: { sound: Blob; language: string; onDiscard: () => void }) {
  const t = text();
  const [source, setSource] = useState('');
  useEffect(() => {
    const made = URL.createObjectURL(sound);
    setSource(made);
    return () => {
      if (current.value?.source === made) close();
      URL.revokeObjectURL(made);
    };
  }, [sound]);
  const isSounding = isPlaying.value && current.value?.source === source;
  const title = sound instanceof File ? sound.name : t.taken;
  return (
    <div class="take">
      <Button look="lit" icon={isSounding ? 'pause' : 'play'} onClick={() => (isSounding ? pause() : void play({ id: `${TAKE} ${source}`, title, about: languageName(language), source, language }))}>
        {isSounding ? t.hearTakeStop : t.hearTake}
      </Button>
      <span class="take-name" dir="auto">{title}</span>
      <Button look="quiet" small icon="delete" onClick={onDiscard}>{t.again}</Button>
    </div>
  );
}

function Upload({ onSound }: { onSound: (sound: Blob) => void }) {
  const t = text();
  const largest = useConfig()?.limits.sampleBytes;
  const input = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState('');
  const choose = (file: File | undefined) => {
    if (!file) return;
    // Browsers do not know the type of every sound file; the server looks into it.
    if (/^(image|text|application\/pdf)/.test(file.type)) setWrong(t.notSound);
    else if (largest && file.size > largest) setWrong(t.tooLarge(largest / MEGABYTE));
    else onSound(file);
  };
  return (
    <div class="upload">
      <input ref={input} hidden type="file" accept="audio/*,.wav,.mp3,.m4a,.ogg,.flac,.webm" onChange={(event) => choose(event.currentTarget.files?.[0])} />
      <Button small icon="upload" onClick={() => input.current?.click()}>{t.upload}</Button>
      <p class={wrong ? 'field-error' : 'field-hint'} role={wrong ? 'alert' : undefined}>{wrong || `${t.uploadHint} ${largest ? t.tooLarge(largest / MEGABYTE) : ''}`}</p>
    </div>
  );
}

/** Asks before the page is left: a recording is not kept in the browser. */
function useUnsaved(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return;
    const stay = (event: Event) => event.preventDefault();
    addEventListener('beforeunload', stay);
    leaving.value = () => confirm(text().leave);
    return () => {
      removeEventListener('beforeunload', stay);
      leaving.value = null;
    };
  }, [isUnsaved]);
}
