// A call that goes on: who is there, what they show, the lobby, captions and the recording. The client of
// calls is loaded when somebody joins.
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { locale } from '../../i18n/index.ts';
import { pause } from '../../player/player.ts';
import { leaving, type PageProps } from '../../router.ts';
import { me } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Confirm, Dialog } from '../../ui/Dialog.tsx';
import { Choices, Field } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty, Loading, Problem } from '../../ui/States.tsx';
import { text } from './live-messages.ts';
import type { Media, Person, Stage } from './stage.ts';
import './calls.css';

type CallView = Schemas['CallView'];
type Participant = Schemas['ParticipantView'];
type Action = Schemas['ModerateBody']['action'];
type Parts = typeof import('./stage.ts');

const LOOKS = 3000; // ms between two looks into the lobby, which the client of calls does not show

interface Loaded {
  call: CallView;
  transcribes: boolean;
}

async function load(callId: string): Promise<Loaded> {
  const [{ call }, { features }] = await Promise.all([data(api.GET('/api/videocalls/{callId}', { params: { path: { callId } } })), data(api.GET('/api/config'))]);
  return { call, transcribes: features.transcription };
}

export default function Live({ params }: PageProps) {
  const t = text();
  const callId = params.id!;
  const found = useResource(() => load(callId), [callId]);
  const known = found.loaded.value;
  return (
    <Page title={known.state === 'ready' ? known.value.call.title : ''} actions={<LinkButton href={`/calls/${callId}`}>{t.back}</LinkButton>}>
      <Loading of={found} lines={6}>{(loaded) => <Door key={callId} {...loaded} />}</Loading>
    </Page>
  );
}

/** Asks with what to come in, and is there again when the call has been left. */
function Door({ call, transcribes }: Loaded) {
  const t = text();
  const [devices, setDevices] = useState<'both' | 'audio'>(call.media === 'video' ? 'both' : 'audio');
  const [joined, setJoined] = useState<{ parts: Parts; stage: Stage; times: number } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const latest = useRef<Stage | null>(null);
  // Whoever leaves the page leaves the call.
  useEffect(() => () => latest.current?.call.close(), []);
  const join = async () => {
    setBusy(true);
    setError(null);
    pause();
    try {
      const parts = await import('./stage.ts');
      latest.current = parts.enter(call.id, { video: devices === 'both', language: me.value?.language || locale.value });
      setJoined((before) => ({ parts, stage: latest.current!, times: (before?.times ?? 0) + 1 }));
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  if (joined) return <OnStage key={joined.times} call={call} transcribes={transcribes} parts={joined.parts} stage={joined.stage} onAgain={() => void join()} />;
  return (
    <div class="stack live-door">
      {call.media === 'video' && <Choices label={t.with} value={devices} choices={[{ value: 'both', label: t.both }, { value: 'audio', label: t.audio }]} onValue={(value) => setDevices(value as 'both')} />}
      <Problem error={error} />
      <Button look="primary" icon="calls" isBusy={isBusy} onClick={() => void join()}>{t.join}</Button>
      <p class="field-hint">{t.joinHint}</p>
    </div>
  );
}

interface StageProps extends Loaded {
  stage: Stage;
  parts: Parts;
  onAgain: () => void;
}

function OnStage({ call, transcribes, stage, parts, onAgain }: StageProps) {
  const t = text();
  const state = stage.state.value;
  useEffect(() => {
    if (state !== 'in') return;
    leaving.value = () => confirm(t.leaveWhy);
    return () => {
      leaving.value = null;
    };
  }, [state]);
  if (state === 'joining' || state === 'waiting') return <p role="status">{t[state]}</p>;
  if (state !== 'in') {
    return (
      <Empty title={t[state]} action={state === 'closed' ? <Button onClick={onAgain}>{t.again}</Button> : <LinkButton href={`/calls/${call.id}`}>{t.back}</LinkButton>}>
        <Problem error={stage.error.value} />
      </Empty>
    );
  }
  const people = stage.people.value;
  const { endsAt, recording } = stage;
  return (
    <div class="live">
      <div class="live-told" role="status">
        {people.length === 0 && <p>{t.alone}</p>}
        {endsAt.value && <p>{t.ends(new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: 'short' }).format(endsAt.value))}</p>}
        {recording.value && <p>{recording.value.waitingFor.length > 0 ? t.notYet : recording.value.state === 'recording' ? t.isRecorded : t.aboutTo}</p>}
      </div>
      <ul class="live-pictures">
        <Pictures media={{ stream: stage.call.stream, screen: stage.call.screen }} shows={stage.own.value} name={t.you} screenName={t.yourScreen} isOwn />
        {people.map((each) => (
          <Pictures key={each.id} media={stage.media.value.get(each.id)} shows={each.media} name={each.name} screenName={t.screenOf(each.name)} note={noteOn(each, t)} />
        ))}
      </ul>
      <Controls call={call} stage={stage} transcribes={transcribes} />
      <People callId={call.id} stage={stage} />
      <Chat stage={stage} parts={parts} />
      <Consent stage={stage} />
    </div>
  );
}

function noteOn({ connection, media }: Person, t: ReturnType<typeof text>): string {
  if (connection === 'failed' || connection === 'disconnected') return t.lost;
  if (connection !== 'connected') return t.connecting;
  return media.audio ? '' : t.silent;
}

interface PicturesProps {
  media: Media | undefined;
  shows: { video: boolean; screen: boolean };
  name: string;
  screenName: string;
  note?: string;
  isOwn?: boolean;
}

/** What somebody sends. Their sound is in the first of the two. */
function Pictures({ media, shows, name, screenName, note, isOwn }: PicturesProps) {
  return (
    <>
      <Frame stream={media?.stream} hasPicture={shows.video} label={name} note={note} isOwn={isOwn} />
      {shows.screen && <Frame stream={media?.screen} hasPicture label={screenName} isScreen isOwn />}
    </>
  );
}

function Frame({ stream, hasPicture, label, note, isOwn, isScreen }: { stream: MediaStream | undefined; hasPicture: boolean; label: string; note?: string | undefined; isOwn?: boolean | undefined; isScreen?: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    video.current!.srcObject = stream ?? null;
  }, [stream]);
  return (
    <li class="live-picture" data-screen={isScreen || undefined}>
      <video ref={video} autoplay playsInline muted={isOwn} aria-label={label} class={hasPicture ? undefined : 'live-sound'} />
      {!hasPicture && <span class="live-letter" aria-hidden="true">{[...label][0] ?? '?'}</span>}
      <p><span dir="auto">{label}</span>{note && <span>{note}</span>}</p>
    </li>
  );
}

function Toggle({ isOn, onToggle, children }: { isOn: boolean; onToggle: (isOn: boolean) => void; children: ComponentChildren }) {
  return (
    <button type="button" class="button button-plain live-toggle" aria-pressed={isOn} onClick={() => onToggle(!isOn)}>
      <span>{children}</span>
    </button>
  );
}

function Controls({ call, stage, transcribes }: Pick<StageProps, 'call' | 'stage' | 'transcribes'>) {
  const t = text();
  const [hasCaptions, setCaptions] = useState(false);
  const [isEnding, setEnding] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [problem, setProblem] = useState('');
  const { call: opened, own, recording } = stage;
  const isMuted = !own.value.audio;
  const hasPictures = call.media === 'video';
  /** What the browser refuses has no words of the API. */
  const device = (does: Promise<unknown>, refused: string) => {
    setProblem('');
    does.catch((failure: unknown) => (failure instanceof DOMException ? setProblem(refused) : setError(failure)));
  };
  const ask = (does: () => Promise<unknown>) => {
    setError(null);
    return stage.ask(does).catch(setError);
  };
  const mute = (isOn: boolean) => {
    const has = opened.stream.getAudioTracks().length > 0;
    if (has) opened.mute(isOn);
    else if (!isOn) device(opened.use({ audio: true }), t.noDevice);
  };
  const caption = (isOn: boolean) => {
    opened.captions(isOn, me.value?.language || undefined);
    setCaptions(isOn);
  };
  const end = () => {
    setBusy(true);
    void ask(() => data(api.PUT('/api/videocalls/{callId}/end', { params: { path: { callId: call.id } }, body: {} }))).finally(() => setBusy(false));
  };
  const canShare = hasPictures && 'getDisplayMedia' in navigator.mediaDevices;
  const isMine = recording.value?.userId === opened.userId;
  const live = recording.value;
  return (
    <section class="stack" aria-label={t.controls}>
      <div class="buttons">
        <Toggle isOn={isMuted} onToggle={mute}>{t.mute}</Toggle>
        {hasPictures && <Toggle isOn={own.value.video} onToggle={(isOn) => device(opened.use({ video: isOn }), t.noDevice)}>{t.camera}</Toggle>}
        {canShare && <Toggle isOn={own.value.screen} onToggle={(isOn) => device(opened.share(isOn), t.noScreen)}>{t.share}</Toggle>}
        {call.captions && transcribes && <Toggle isOn={hasCaptions} onToggle={caption}>{t.captions}</Toggle>}
        {(call.recordingPolicy === 'ask' || recording.value) && <Toggle isOn={recording.value !== null} onToggle={(isOn) => void ask(() => opened.record(isOn))}>{t.record}</Toggle>}
        {live && !isMine && !live.waitingFor.includes(opened.userId) && <Button onClick={() => void ask(() => opened.consent(false, live.id))}>{t.withdraw}</Button>}
        <Button onClick={() => opened.close()}>{t.leave}</Button>
        <Button look="danger" onClick={() => setEnding(true)}>{t.end}</Button>
      </div>
      {problem && <p class="problem" role="alert">{problem}</p>}
      {!isEnding && <Problem error={error} />}
      {isEnding && (
        <Confirm title={t.end} action={t.end} isBusy={isBusy} onConfirm={end} onClose={() => setEnding(false)}>
          <p>{t.endWhy}</p>
          <Problem error={error} />
        </Confirm>
      )}
    </section>
  );
}

/** Who waits in the lobby, and who is in the call. */
function People({ callId, stage }: { callId: string; stage: Stage }) {
  const t = text();
  const [found, setFound] = useState<Participant[]>([]);
  const [removed, setRemoved] = useState<Participant | null>(null);
  const [error, setError] = useState<unknown>(null);
  const look = useRef<() => Promise<void>>(async () => {});
  const here = stage.people.value.map(({ id }) => id).join();
  useEffect(() => {
    let isLeft = false;
    let timer: ReturnType<typeof setTimeout>;
    look.current = async () => {
      clearTimeout(timer);
      try {
        const { participants } = await data(api.GET('/api/calls/{callId}/participants', { params: { path: { callId } } }));
        if (!isLeft) setFound(participants);
      } catch {
        // The call itself says when something is wrong.
      }
      if (!isLeft) timer = setTimeout(() => void look.current(), LOOKS);
    };
    void look.current();
    return () => {
      isLeft = true;
      clearTimeout(timer);
    };
  }, [callId, here]);
  const act = (participant: Participant, action: Action) => {
    setError(null);
    setRemoved(null);
    data(api.PUT('/api/calls/{callId}/participants/{participantId}', { params: { path: { callId, participantId: participant.id } }, body: { action } })).then(() => look.current(), setError);
  };
  const isHost = found.some(({ id, role }) => id === stage.call.participantId && role === 'host');
  const waiting = found.filter(({ state }) => state === 'waiting');
  const others = found.filter(({ state, id }) => state === 'in' && id !== stage.call.participantId);
  if (!isHost) return null;
  return (
    <>
      <Problem error={error} />
      <div role="status">
        {waiting.length > 0 && (
          <section class="live-lobby" aria-label={t.lobby}>
            <h2>{t.lobby}</h2>
            <ul>
              {waiting.map((each) => (
                <li key={each.id}>
                  <span dir="auto">{each.name}</span>
                  <span class="buttons">
                    <NamedButton name={t.admitName(each.name)} look="lit" onClick={() => act(each, 'admit')}>{t.admit}</NamedButton>
                    <NamedButton name={t.denyName(each.name)} look="plain" onClick={() => act(each, 'deny')}>{t.deny}</NamedButton>
                  </span>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
      {others.length > 0 && (
        <section class="live-people">
          <h2>{t.people}</h2>
          <ul class="rows">
            {others.map((each) => (
              <li key={each.id} class="row calls-row">
                <div class="row-main">
                  <span class="row-title" dir="auto">{each.name}</span>
                  <div class="buttons">
                    <NamedButton name={t.muteName(each.name)} look="plain" onClick={() => act(each, 'mute')}>{t.askSilent}</NamedButton>
                    {each.role === 'participant' && <Button small onClick={() => act(each, 'promote')}>{t.promote}</Button>}
                    <Button small look="danger" onClick={() => setRemoved(each)}>{t.remove}</Button>
                  </div>
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
      {removed && (
        <Confirm title={t.removeTitle(removed.name)} action={t.remove} onConfirm={() => act(removed, 'remove')} onClose={() => setRemoved(null)}>
          <p>{t.removeWhy}</p>
        </Confirm>
      )}
    </>
  );
}

/** With a name that says whom it is about. */
const NamedButton = ({ name, look, onClick, children }: { name: string; look: 'lit' | 'plain'; onClick: () => void; children: ComponentChildren }) => (
  <button type="button" class={`button button-${look} button-small`} aria-label={name} onClick={onClick}><span>{children}</span></button>
);

function Consent({ stage }: { stage: Stage }) {
  const t = text();
  const [error, setError] = useState<unknown>(null);
  const recording = stage.recording.value;
  if (!recording?.waitingFor.includes(stage.call.userId)) return null;
  const answer = (agrees: boolean) => {
    setError(null);
    stage.ask(() => stage.call.consent(agrees, recording.id)).catch(setError);
  };
  return (
    <Dialog title={t.consentTitle} onClose={() => answer(false)}>
      <p>{t.consent(recording.name || t.aHost)}</p>
      <p>{t.consentWhy}</p>
      <Problem error={error} />
      <div class="dialog-actions">
        <Button onClick={() => answer(false)}>{t.refuse}</Button>
        <Button look="primary" onClick={() => answer(true)}>{t.agree}</Button>
      </div>
    </Dialog>
  );
}

function Chat({ stage, parts }: { stage: Stage; parts: Parts }) {
  const t = text();
  const [said, setSaid] = useState('');
  const [error, setError] = useState<unknown>(null);
  const list = useRef<HTMLDivElement>(null);
  const language = me.value?.language || locale.value;
  const messages = stage.messages as Signal<{ id: string; name: string; userId: string; deletedAt: string | null; kind: string }[]>;
  const last = messages.value.at(-1)?.id;
  useEffect(() => {
    list.current!.scrollTop = list.current!.scrollHeight;
  }, [last]);
  const send = (event: Event) => {
    event.preventDefault();
    const typed = said.trim();
    if (!typed) return;
    setError(null);
    setSaid('');
    stage.ask(() => stage.call.room.send(typed)).catch((failure: unknown) => {
      setError(failure);
      setSaid((now) => now || typed);
    });
  };
  return (
    <section class="stack live-chat">
      <h2>{t.chat}</h2>
      <div ref={list} role="log" aria-label={t.chat} tabIndex={0}>
        <ol>
        {messages.value.filter(({ deletedAt }) => !deletedAt).map((each) => {
          const shown = parts.textFor(each as never, [language]);
          return <li key={each.id} data-kind={each.kind}><strong dir="auto">{each.name}</strong> <span dir="auto" lang={shown.language || undefined}>{shown.text}</span></li>;
        })}
        </ol>
      </div>
      <form class="call-copy" onSubmit={send}>
        <Field label={t.message} hidesLabel>
          {(tied) => <input {...tied} class="input" dir={said ? 'auto' : undefined} maxLength={4000} placeholder={t.message} value={said} onInput={(event) => setSaid(event.currentTarget.value)} />}
        </Field>
        <Button type="submit">{t.send}</Button>
      </form>
      <Problem error={error} />
    </section>
  );
}
