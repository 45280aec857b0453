// The messages, and the field for the next one. What is on its way is kept until it has arrived, and
// goes again under the same id after a reload, so that nothing is lost or said twice.
import type { ComponentChildren } from 'preact';
import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { api, type Schemas } from '../../api/client.ts';
import { me } from '../../session/session.ts';
import { draft } from '../../state/drafts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast, undoable } from '../../ui/toasts.tsx';
import { Composer } from './Composer.tsx';
import type { Live, Message, Said as Saying } from './live.ts';
import { text } from './messages.ts';
import { excerpt, Said } from './Said.tsx';
import { text as talkText } from './talk-messages.ts';

interface Outgoing {
  clientId: string;
  text: string;
  replyTo?: string | undefined;
  hasFiles?: boolean;
}
interface Draft {
  text: string;
  replyTo?: string | undefined;
  outgoing: Outgoing[];
}

interface Props {
  room: Schemas['RoomView'];
  live: Live;
  language: string;
}

export function Talk({ room, live, language }: Props) {
  const t = text();
  const words = talkText();
  const kept = draft<Draft>(`room.${room.id}`, { text: '', outgoing: [] });
  const failures = useSignal<Record<string, unknown>>({});
  const hidden = useSignal<string[]>([]);
  // Files do not survive a reload.
  const files = useRef(new Map<string, Pick<Saying, 'photo' | 'audio'>>());

  const forget = (clientId: string) => {
    kept.value = { ...kept.value, outgoing: kept.value.outgoing.filter((each) => each.clientId !== clientId) };
    files.current.delete(clientId);
  };
  const isLost = ({ clientId, hasFiles }: Outgoing) => Boolean(hasFiles) && !files.current.has(clientId);
  const send = (each: Outgoing) => {
    if (isLost(each)) return;
    const { clientId, text, replyTo } = each;
    failures.value = { ...failures.value, [clientId]: null };
    live.send(clientId, { text, replyTo, ...files.current.get(clientId) }).then(
      () => forget(clientId),
      (error: unknown) => {
        failures.value = { ...failures.value, [clientId]: error };
      },
    );
  };
  const say = ({ text, photo, audio }: Saying) => {
    const next = { clientId: live.newId(), text, replyTo: kept.value.replyTo, hasFiles: Boolean(photo || audio) };
    if (next.hasFiles) files.current.set(next.clientId, { photo, audio });
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
    const params = { path: { roomId: room.id, messageId: message.id } };
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
  const reply = (message: Message | null) => {
    kept.value = { ...kept.value, replyTo: message?.id };
    if (message) document.querySelector<HTMLTextAreaElement>('.composer textarea')?.focus();
  };

  const isOpen = room.status === 'open';
  const moderates = room.role === 'owner' || room.role === 'moderator';
  const maySpeak = room.settings.speech !== 'off';
  const known = new Map(live.messages.value.map((each) => [each.id, each]));
  const shown = live.messages.value.filter((each) => each.deletedAt || !hidden.value.includes(each.id));
  const arrived = new Set(shown.map((each) => each.clientId));
  const outgoing = kept.value.outgoing.filter((each) => !arrived.has(each.clientId));
  const { replyTo } = kept.value;
  const answered = replyTo ? known.get(replyTo) : undefined;
  return (
    <section class="talk" aria-label={t.said}>
      <Log live={live} count={shown.length + outgoing.length}>
        {shown.map((message) => (
          <Said
            key={message.id}
            message={message}
            answered={message.replyToId ? known.get(message.replyToId) : undefined}
            language={language}
            live={live}
            mayDelete={moderates || message.userId === me.value?.id}
            isOpen={isOpen}
            maySpeak={maySpeak}
            onReply={() => reply(message)}
            onRemove={() => remove(message)}
          />
        ))}
        {outgoing.map((each) => (
          <li key={each.clientId} class="said-by" data-mine>
            <p class="talk-text" dir="auto">{each.text || words.sound}</p>
            {isLost(each) ? (
              <p class="talk-note">
                <span>{words.lost}</span>
                <button type="button" class="text-button" onClick={() => forget(each.clientId)}>{t.discard}</button>
              </p>
            ) : failures.value[each.clientId] ? (
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
      {room.paused && isOpen && <p class="field-hint">{words.paused}</p>}
      {!isOpen ? (
        <p class="talk-closed" role="status">{words.archived}</p>
      ) : (
        <>
          {replyTo && (
            <p class="composer-reply">
              <span>
                {words.replyTo(answered?.name ?? '')}
                {answered && <em dir="auto">{excerpt(live, answered, language)}</em>}
              </span>
              <IconButton icon="close" label={words.noReply} onClick={() => reply(null)} />
            </p>
          )}
          <Composer said={kept as never} live={live} hasCaptions={room.settings.captions && room.settings.payer !== 'none'} onSay={say} />
        </>
      )}
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

function Status({ live }: { live: Live }) {
  const t = text();
  const typing = useComputed(() => live.people.value.filter((each) => each.state === 'typing' && each.userId !== me.value?.id));
  const [first] = typing.value;
  const told = live.state.value === 'connecting' ? t.connecting : typing.value.length > 1 ? t.type(typing.value.length) : first ? t.types(first.name) : '';
  return <p class="talk-status" role="status">{told}</p>;
}
