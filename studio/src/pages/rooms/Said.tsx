// One message, as the reader reads it, and what can be done with it.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { date, languageName } from '../../i18n/index.ts';
import { linkTo, play } from '../../player/player.ts';
import { me } from '../../session/session.ts';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Problem } from '../../ui/States.tsx';
import type { Live, Message, Voice } from './live.ts';
import { text } from './messages.ts';
import { text as talkText } from './talk-messages.ts';

const EDITABLE = 24 * 3600_000; // ms
const BRIEF = 40; // letters of a message in names of buttons

interface Props {
  message: Message;
  /** What it answers, as far as that is shown. */
  answered: Message | undefined;
  language: string;
  live: Live;
  /** Whether the user may delete it, and whether anybody may write. */
  mayDelete: boolean;
  isOpen: boolean;
  maySpeak: boolean;
  onReply: () => void;
  onRemove: () => void;
}

export const excerpt = (live: Live, message: Message, language: string): string => {
  const t = talkText();
  return live.textFor(message, [language]).text || (message.audio ? t.sound : t.picture);
};

export function Said({ message, answered, language, live, mayDelete, isOpen, maySpeak, onReply, onRemove }: Props) {
  const t = text();
  const words = talkText();
  const id = useId();
  const [isOriginal, setOriginal] = useState(false);
  const [isEditing, setEditing] = useState(false);
  const [hasActions, setActions] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isMine = message.userId === me.value?.id;
  const isGrowing = message.caption?.final === false;
  const shown = live.textFor(message, isOriginal ? [] : [language]);
  const isOther = live.textFor(message, [language]).by !== '';
  const isForeign = message.language !== '' && message.language.split('-')[0] !== language.split('-')[0];
  const listen = () =>
    void play({ id: message.id, title: message.name, about: languageName(message.language || language), source: soundOf(message), language: message.language });
  const speak = (voice: Voice) => {
    setError(null);
    setActions(false);
    live.speak(message.id, language, voice).catch(setError);
  };
  const canSpeak = maySpeak && isOpen && message.text !== '' && !isGrowing;
  const canEdit = isMine && isOpen && message.text !== '' && !isGrowing && Date.now() - Date.parse(message.createdAt) < EDITABLE;
  return (
    <li class="said-by" id={`said-${message.id}`} tabIndex={-1} data-mine={isMine || undefined} data-kind={message.kind}>
      <p class="talk-by">
        <strong dir="auto">{isMine ? t.you : message.name}</strong>
        <time dateTime={message.createdAt} title={date(message.createdAt, 'long')}>{timeOf(message.createdAt)}</time>
        {message.kind === 'caption' && <span>{words.live}</span>}
        {message.editedAt && !message.deletedAt && <span>{t.edited}</span>}
      </p>
      {message.deletedAt ? (
        <p class="talk-note">{t.gone}</p>
      ) : (
        <>
          {message.replyToId && <Quote live={live} answered={answered} language={language} />}
          {isEditing ? (
            <Edit message={message} live={live} onDone={() => setEditing(false)} />
          ) : (
            shown.text && <p class="talk-text" dir="auto" lang={shown.language || undefined} data-growing={isGrowing || undefined}>{shown.text}</p>
          )}
          {message.photo && <Picture message={message} />}
          {message.audio && <Button small icon="play" onClick={listen}>{t.play(message.name)}</Button>}
          <p class="talk-note">
            {message.audio?.transcript === 'pending' && <span>{words.transcribing}</span>}
            {message.audio?.transcript === 'no_speech' && <span>{words.nobodySpeaks}</span>}
            {message.audio?.transcript === 'failed' && <span>{words.notTranscribed}</span>}
            {isOther && (
              <>
                <span>{t.from(languageName(message.language))}</span>
                <button type="button" class="text-button" onClick={() => setOriginal(!isOriginal)}>{isOriginal ? t.translation : t.original}</button>
              </>
            )}
            {!isOther && isForeign && message.text && message.translationState === 'pending' && <span>{t.translating}</span>}
            {!isOther && isForeign && message.text && ['failed', 'partial'].includes(message.translationState) && <span>{t.notTranslated}</span>}
          </p>
          <Speeches message={message} />
          <Problem error={error} />
          <button type="button" class="icon-button said-more" aria-expanded={hasActions} aria-controls={id} aria-label={words.actions(excerpt(live, message, language).slice(0, BRIEF))} onClick={() => setActions(!hasActions)}>
            <Icon name="more" />
          </button>
          <div id={id} class="said-actions" hidden={!hasActions}>
            {isOpen && <Act onClick={() => { setActions(false); onReply(); }}>{words.reply}</Act>}
            {canSpeak && <Act onClick={() => speak('sender')}>{words.speak}</Act>}
            {canSpeak && <Act onClick={() => speak('default')}>{words.speakStandard}</Act>}
            {canEdit && <Act onClick={() => { setActions(false); setEditing(true); }}>{words.edit}</Act>}
            {mayDelete && <Act onClick={onRemove}>{words.delete}</Act>}
          </div>
        </>
      )}
    </li>
  );
}

const Act = ({ onClick, children }: { onClick: () => void; children: ComponentChildren }) => (
  <button type="button" class="chip" onClick={onClick}>{children}</button>
);

const soundOf = ({ roomId, id }: Message): string => `/api/rooms/${roomId}/messages/${id}/audio`;

const timeOf = (iso: string): string =>
  new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: 'short' }).format(new Date(iso));

/** The message that is answered, which a click goes to. */
function Quote({ live, answered, language }: Pick<Props, 'live' | 'answered' | 'language'>) {
  const t = talkText();
  if (!answered) return <p class="talk-note">{t.earlier}</p>;
  const show = () => {
    const found = document.getElementById(`said-${answered.id}`);
    found?.scrollIntoView({ block: 'nearest' });
    found?.focus({ preventScroll: true });
  };
  return (
    <button type="button" class="talk-quote" title={t.toEarlier(answered.name)} onClick={show}>
      <strong dir="auto">{answered.userId === me.value?.id ? text().you : answered.name}</strong>
      <span dir="auto">{answered.deletedAt ? text().gone : excerpt(live, answered, language)}</span>
    </button>
  );
}

function Edit({ message, live, onDone }: { message: Message; live: Live; onDone: () => void }) {
  const t = talkText();
  const [said, setSaid] = useState(message.text);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const save = (event: Event) => {
    event.preventDefault();
    if (isBusy || !said.trim()) return;
    setBusy(true);
    setError(null);
    live.edit(message.id, said.trim()).then(onDone, (failure: unknown) => {
      setError(failure);
      setBusy(false);
    });
  };
  return (
    <form class="talk-edit" onSubmit={save} onKeyDown={(event) => event.key === 'Escape' && onDone()}>
      <Field label={t.editing} hidesLabel>
        {(tied) => <textarea {...tied} ref={field} class="input" rows={2} dir="auto" maxLength={4000} value={said} onInput={(event) => setSaid(event.currentTarget.value)} />}
      </Field>
      <Problem error={error} />
      <div class="buttons">
        <Button type="submit" small isBusy={isBusy}>{t.save}</Button>
        <Button look="quiet" small onClick={onDone}>{t.keep}</Button>
      </div>
    </form>
  );
}

const NOT_PAID = new Set(['room_cannot_pay', 'not_enough_tokens', 'cap_reached']);

/** In which languages it was spoken, for everybody. */
function Speeches({ message }: { message: Message }) {
  const t = talkText();
  return (
    <>
      {Object.entries(message.speech).map(([key, { state, error }]) => {
        const [language] = key.split('-x-');
        const isStandard = key.endsWith('-x-default');
        if (state === 'pending') return <p key={key} class="talk-note" role="status">{t.beingSpoken}</p>;
        if (state === 'failed') return <p key={key} class="talk-note">{NOT_PAID.has(error) ? t.notPaid : t.notSpoken}</p>;
        const source = `${soundOf(message)}?${new URLSearchParams({ language: language!, ...(isStandard && { voice: 'default' }) })}`;
        const track = { id: `${message.id} ${key} ${message.revision}`, title: message.name, about: languageName(language!), source, language: language! };
        return <Button key={key} small icon="play" onClick={() => void play(track)}>{t.hear(languageName(language!))}</Button>;
      })}
    </>
  );
}

function Picture({ message }: { message: Message }) {
  const t = text();
  const [url, setUrl] = useState('');
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    linkTo(`/api/rooms/${message.roomId}/messages/${message.id}/photo`).then(setUrl, () => setLost(true));
  }, [message.id]);
  if (isLost) return <p class="talk-note">{t.pictureLost}</p>;
  return <div class="talk-picture">{url && <img src={url} alt={t.pictureOf(message.name)} onError={() => setLost(true)} />}</div>;
}
