// The messages, and the field for the next one. What is on its way is kept until it has arrived, and
// goes again under the same id after a reload, so that nothing is lost or said twice.
import type { ComponentChildren } from 'preact';
import { useComputed, useSignal, type Signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import { date, languageName } from '../../i18n/index.ts';
import { linkTo, play } from '../../player/player.ts';
import { me } from '../../session/session.ts';
import { draft } from '../../state/drafts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast, undoable } from '../../ui/toasts.tsx';
import { newId, textFor, type Live, type Message } from './live.ts';
import { text } from './messages.ts';

interface Outgoing {
  clientId: string;
  text: string;
}
interface Draft {
  text: string;
  outgoing: Outgoing[];
}

interface Props {
  roomId: string;
  live: Live;
  language: string;
}

export function Talk({ roomId, live, language }: Props) {
  const t = text();
  const kept = draft<Draft>(`room.${roomId}`, { text: '', outgoing: [] });
  const failures = useSignal<Record<string, unknown>>({});
  const hidden = useSignal<string[]>([]);
  // Files do not survive a reload.
  const pictures = useRef(new Map<string, File>());

  const forget = (clientId: string) => {
    kept.value = { ...kept.value, outgoing: kept.value.outgoing.filter((each) => each.clientId !== clientId) };
    pictures.current.delete(clientId);
  };
  const send = ({ clientId, text }: Outgoing) => {
    failures.value = { ...failures.value, [clientId]: null };
    live.send(clientId, text, pictures.current.get(clientId)).then(
      () => forget(clientId),
      (error: unknown) => {
        failures.value = { ...failures.value, [clientId]: error };
      },
    );
  };
  const say = (said: string, picture: File | null) => {
    const next = { clientId: newId(), text: said };
    if (picture) pictures.current.set(next.clientId, picture);
    kept.value = { text: '', outgoing: [...kept.value.outgoing, next] };
    send(next);
  };
  // What a reload has interrupted.
  useEffect(() => {
    let hasBegun = false;
    return live.state.subscribe((now) => {
      if (now !== 'live' || hasBegun) return;
      hasBegun = true;
      for (const each of kept.peek().outgoing) if (!(each.clientId in failures.peek())) send(each);
    });
  }, []);

  const remove = (message: Message) => {
    const back = () => {
      hidden.value = hidden.value.filter((each) => each !== message.id);
    };
    hidden.value = [...hidden.value, message.id];
    const params = { path: { roomId, messageId: message.id } };
    undoable(
      t.removed,
      () => {
        api.DELETE('/api/rooms/{roomId}/messages/{messageId}', { params }).catch(() => {
          back();
          toast(t.notRemoved);
        });
      },
      back,
    );
  };

  const shown = live.messages.value.filter((each) => each.deletedAt || !hidden.value.includes(each.id));
  const arrived = new Set(shown.map((each) => each.clientId));
  const outgoing = kept.value.outgoing.filter((each) => !arrived.has(each.clientId));
  return (
    <section class="talk" aria-label={t.said}>
      <Log live={live} count={shown.length + outgoing.length}>
        {shown.map((message) => <Said key={message.id} message={message} language={language} onRemove={() => remove(message)} />)}
        {outgoing.map((each) => (
          <li key={each.clientId} class="said-by" data-mine>
            <p class="talk-text" dir="auto">{each.text}</p>
            {failures.value[each.clientId] ? (
              <Problem error={failures.value[each.clientId]}>
                <button type="button" class="text-button" onClick={() => send(each)}>{t.again}</button>{' '}
                <button type="button" class="text-button" onClick={() => forget(each.clientId)}>{t.discard}</button>
              </Problem>
            ) : (
              <p class="talk-note">{t.sending}</p>
            )}
          </li>
        ))}
      </Log>
      <Status live={live} />
      <Composer kept={kept} live={live} onSay={say} />
    </section>
  );
}

/** Scrolls with what is said, as long as its end is in sight. */
function Log({ live, count, children }: { live: Live; count: number; children: ComponentChildren }) {
  const t = text();
  const list = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const hasOlder = useSignal(true);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const last = live.messages.value.at(-1)?.id;
  useLayoutEffect(() => {
    const element = list.current!;
    if (isAtEnd.current) element.scrollTop = element.scrollHeight;
  });
  useEffect(() => {
    if (isAtEnd.current && document.visibilityState === 'visible') live.read();
  }, [last]);
  const older = () => {
    setBusy(true);
    setError(null);
    live.older().then((more) => { hasOlder.value = more; }, setError).finally(() => setBusy(false));
  };
  return (
    <div
      ref={list}
      class="talk-log"
      role="log"
      aria-label={t.said}
      tabIndex={0}
      onScroll={({ currentTarget: at }) => {
        isAtEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 48;
        if (isAtEnd.current) live.read();
      }}
    >
      {count === 0 && live.state.value === 'live' && <p class="talk-nothing">{t.nothingSaid}</p>}
      {live.messages.value.length >= 50 && hasOlder.value && <Button small isBusy={isBusy} onClick={older}>{t.older}</Button>}
      <Problem error={error} />
      <ol>{children}</ol>
    </div>
  );
}

function Said({ message, language, onRemove }: { message: Message; language: string; onRemove: () => void }) {
  const t = text();
  const [isOriginal, setOriginal] = useState(false);
  const isMine = message.userId === me.value?.id;
  const shown = textFor(message as never, isOriginal ? [] : [language]);
  const isOther = textFor(message as never, [language]).by !== '';
  const isForeign = message.language !== '' && message.language.split('-')[0] !== language.split('-')[0];
  const name = isMine ? t.you : message.name;
  const listen = () =>
    void play({ id: message.id, title: message.name, about: languageName(message.language || language), source: `/api/rooms/${message.roomId}/messages/${message.id}/audio`, language: message.language });
  return (
    <li class="said-by" data-mine={isMine || undefined}>
      <p class="talk-by">
        <strong dir="auto">{name}</strong>
        <time dateTime={message.createdAt} title={date(message.createdAt, 'long')}>{timeOf(message.createdAt)}</time>
        {message.editedAt && !message.deletedAt && <span>{t.edited}</span>}
      </p>
      {message.deletedAt ? (
        <p class="talk-note">{t.gone}</p>
      ) : (
        <>
          {shown.text && <p class="talk-text" dir="auto" lang={shown.language || undefined}>{shown.text}</p>}
          {message.photo && <Picture message={message} />}
          {message.audio && <Button small icon="play" onClick={listen}>{t.play(message.name)}</Button>}
          <p class="talk-note">
            {isOther && (
              <>
                <span>{t.from(languageName(message.language))}</span>
                <button type="button" class="text-button" onClick={() => setOriginal(!isOriginal)}>{isOriginal ? t.translation : t.original}</button>
              </>
            )}
            {!isOther && isForeign && message.text && message.translationState === 'pending' && <span>{t.translating}</span>}
            {!isOther && isForeign && message.text && ['failed', 'partial'].includes(message.translationState) && <span>{t.notTranslated}</span>}
          </p>
          {isMine && <IconButton icon="delete" label={t.remove(message.text.slice(0, 40))} onClick={onRemove} />}
        </>
      )}
    </li>
  );
}

const timeOf = (iso: string): string =>
  new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: 'short' }).format(new Date(iso));

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

function Status({ live }: { live: Live }) {
  const t = text();
  const typing = useComputed(() => live.people.value.filter((each) => each.state === 'typing' && each.userId !== me.value?.id));
  const [first] = typing.value;
  const told = live.state.value === 'connecting' ? t.connecting : typing.value.length > 1 ? t.type(typing.value.length) : first ? t.types(first.name) : '';
  return <p class="talk-status" role="status">{told}</p>;
}

function Composer({ kept, live, onSay }: { kept: Signal<Draft>; live: Live; onSay: (said: string, picture: File | null) => void }) {
  const t = text();
  const [picture, setPicture] = useState<File | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const submit = () => {
    const said = kept.value.text.trim();
    if (!said && !picture) return;
    onSay(said, picture);
    setPicture(null);
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
            dir={kept.value.text ? 'auto' : undefined}
            maxLength={4000}
            placeholder={t.placeholder}
            value={kept.value.text}
            onInput={(event) => {
              kept.value = { ...kept.value, text: event.currentTarget.value };
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
      <div class="composer-row">
        <label class="button button-quiet composer-file">
          <Icon name="add" size={20} />
          <span>{t.picture}</span>
          <input ref={file} type="file" accept="image/jpeg,image/png,image/webp" class="visually-hidden" onChange={(event) => setPicture(event.currentTarget.files?.[0] ?? null)} />
        </label>
        {picture && <span class="composer-picture"><span dir="auto">{t.chosen(picture.name)}</span><IconButton icon="close" label={t.without} onClick={() => setPicture(null)} /></span>}
        <Button type="submit" look="primary" disabled={live.state.value === 'closed'}>{t.send}</Button>
      </div>
    </form>
  );
}
