// The field for the next message, with a picture or a recording beside it, and speaking live.
import { signal, useSignal, type Signal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { clock } from '../../i18n/index.ts';
import { close, pause, play, track } from '../../player/player.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Problem } from '../../ui/States.tsx';
import { Recorder } from '../characters/recorder.ts';
import type { Live, Said } from './live.ts';
import { text } from './messages.ts';
import { text as talkText } from './talk-messages.ts';

const LONGEST = 300; // seconds of a message

interface Props {
  said: Signal<{ text: string }>;
  live: Live;
  /** Whether what is said can be written down, as far as the room is concerned. */
  hasCaptions: boolean;
  onSay: (said: Omit<Said, 'replyTo'>) => void;
}

export function Composer({ said, live, hasCaptions, onSay }: Props) {
  const t = text();
  const words = talkText();
  const [picture, setPicture] = useState<File | null>(null);
  const take = useSignal<{ sound: Blob; seconds: number } | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const recorder = useMemo(() => {
    const made: Recorder = new Recorder((sound) => {
      take.value = { sound, seconds: made.seconds.peek() };
    }, LONGEST);
    return made;
  }, []);
  const isSpeaking = useMemo(() => signal(false), []);
  const { stage, problem, seconds } = recorder;
  const isRecording = stage.value === 'recording';
  useEffect(() => () => recorder.dispose(), []);
  useEffect(() => {
    live.speaking(isRecording || isSpeaking.value);
  }, [isRecording, isSpeaking.value]);
  const submit = () => {
    const typed = said.value.text.trim();
    if (!typed && !picture && !take.value) return;
    onSay({ text: typed, photo: picture ?? undefined, audio: take.value?.sound });
    setPicture(null);
    take.value = null;
    if (file.current) file.current.value = '';
  };
  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <Field label={t.message} hidesLabel>
        {(tied) => (
          <textarea
            {...tied}
            class="input"
            rows={2}
            dir={said.value.text ? 'auto' : undefined}
            maxLength={4000}
            placeholder={t.placeholder}
            value={said.value.text}
            onInput={(event) => {
              said.value = { ...said.value, text: event.currentTarget.value };
              live.typing();
            }}
            onKeyDown={(event) => {
              // An input method ends its own word with Enter.
              if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
              event.preventDefault();
              submit();
            }}
          />
        )}
      </Field>
      {(picture || take.value) && (
        <ul class="composer-with">
          {picture && <li><span dir="auto">{t.chosen(picture.name)}</span><IconButton icon="close" label={t.without} onClick={() => setPicture(null)} /></li>}
          {take.value && <Take take={take.value} onRemove={() => { take.value = null; }} />}
        </ul>
      )}
      <div class="composer-row">
        {isRecording ? (
          <>
            <Button look="lit" icon="pause" onClick={recorder.stop}>{words.stop}</Button>
            <span dir="ltr" role="timer" class="composer-time">{clock(seconds.value)}</span>
          </>
        ) : (
          <>
            <label class="button button-quiet composer-file">
              <Icon name="add" size={20} />
              <span>{t.picture}</span>
              <input ref={file} type="file" accept="image/jpeg,image/png,image/webp" class="visually-hidden" onChange={(event) => setPicture(event.currentTarget.files?.[0] ?? null)} />
            </label>
            <Button look="quiet" icon="microphone" isBusy={stage.value === 'asking'} onClick={() => { pause(); void recorder.start(); }}>{words.record}</Button>
          </>
        )}
        {hasCaptions && !isRecording && <Speak live={live} isOn={isSpeaking} />}
        <Button type="submit" look="primary" disabled={live.state.value === 'closed' || isRecording}>{t.send}</Button>
      </div>
      <p class="composer-status" role="status">{stage.value === 'asking' ? words.asking : isSpeaking.value ? words.captionsOn : ''}</p>
      {problem.value && problem.value !== 'unsupported' && <p class="problem" role="alert">{words[problem.value]}</p>}
    </form>
  );
}

/** What was recorded, before it is sent. */
function Take({ take, onRemove }: { take: { sound: Blob; seconds: number }; onRemove: () => void }) {
  const t = talkText();
  const source = useMemo(() => URL.createObjectURL(take.sound), [take]);
  useEffect(
    () => () => {
      if (track.peek()?.source === source) close();
      URL.revokeObjectURL(source);
    },
    [source],
  );
  const title = t.recorded(clock(take.seconds));
  return (
    <li>
      <span>{title}</span>
      <IconButton icon="play" label={t.hearTake} onClick={() => void play({ id: source, title, about: '', source, language: '' })} />
      <IconButton icon="close" label={t.withoutSound} onClick={onRemove} />
    </li>
  );
}

/** Whether this server writes down what is said. */
const transcribes = async (): Promise<boolean> => (await data(api.GET('/api/config'))).features.transcription;

/** What the microphone hears goes to the room in pieces, from pause to pause. */
function Speak({ live, isOn }: { live: Live; isOn: Signal<boolean> }) {
  const t = talkText();
  const can = useResource(transcribes).loaded.value;
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const end = useRef<() => void>(() => {});
  useEffect(() => () => end.current(), []);
  const stop = () => {
    end.current();
    end.current = () => {};
    isOn.value = false;
  };
  const start = async () => {
    setBusy(true);
    setError(null);
    let isLeft = false;
    end.current = () => {
      isLeft = true;
    };
    try {
      const [{ recordCaptions }, found] = await Promise.all([import('../../../../public/captions.mjs'), navigator.mediaDevices.getUserMedia({ audio: true })]);
      const [microphone] = found.getAudioTracks();
      if (isLeft || !microphone) return microphone?.stop();
      const stream = live.newId();
      let seq = 0;
      let sent = Promise.resolve();
      const finish = recordCaptions(microphone, (sound: Blob, startMs: number) => {
        const options = { stream, seq: seq++, startMs };
        // One after the other, as they were said. Some are refused, as while nobody can pay; the next may not be.
        sent = sent.then(() => live.caption(sound, options)).then(() => setError(null), setError);
      });
      end.current = () => {
        finish();
        microphone.stop();
      };
      microphone.onended = stop; // unplugged
      isOn.value = true;
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  if (can.state !== 'ready' || !can.value) return null;
  return (
    <>
      <Button look={isOn.value ? 'lit' : 'quiet'} icon={isOn.value ? 'pause' : 'speak'} isBusy={isBusy} onClick={() => (isOn.value ? stop() : void start())}>
        {isOn.value ? t.captionsStop : t.captions}
      </Button>
      {error instanceof DOMException ? <p class="problem" role="alert">{error.name === 'NotFoundError' ? t.none : t.denied}</p> : <Problem error={error} />}
    </>
  );
}
