// An open room as signals, by the client that the project gives to everybody: /live.mjs. It is a chunk of its
// own, so the rest imports only types from here.
import { signal, type Signal } from '@preact/signals';
import { newId, textFor } from '../../../../public/live.mjs';
import { signInAgain } from '../../session/session.ts';
import type { Schemas } from '../../api/client.ts';
import { asOurs, listeners, StudioClient } from './client.ts';

type Opened = ReturnType<StudioClient['room']>;
export type Message = Omit<Schemas['MessageView'], 'audioUrl' | 'photoUrl'>;
export type Person = Opened['people'][number];
export type State = Opened['state'];
export type Voice = 'sender' | 'default';
type CaptionOptions = NonNullable<Parameters<Opened['caption']>[1]>;

export interface Said {
  text: string;
  replyTo?: string | undefined;
  photo?: Blob | undefined;
  audio?: Blob | undefined;
}

/** If Firestore is not there by then, in ms, the room is followed over HTTP: some networks block it. */
const PATIENCE = 8000;

export interface Live {
  newId: typeof newId;
  /** What somebody who reads `languages` is shown. */
  textFor: (message: Message, languages: string[]) => ReturnType<typeof textFor>;
  state: Signal<State>;
  messages: Signal<Message[]>;
  people: Signal<Person[]>;
  send: (clientId: string, said: Said) => Promise<void>;
  edit: (messageId: string, text: string) => Promise<void>;
  speak: (messageId: string, language: string, voice: Voice) => Promise<void>;
  caption: (sound: Blob, options: CaptionOptions) => Promise<void>;
  older: () => Promise<boolean>;
  typing: () => void;
  speaking: (isOn: boolean) => void;
  read: () => void;
  close: () => void;
}

/** What of a room is not only a counter, or its last message. */
const settled = ({ name, topic, status, isPrivate, paused, settings, announcement, clearedBefore }: Record<string, unknown>): string =>
  JSON.stringify([name, topic, status, isPrivate, paused, settings, announcement, clearedBefore]);

/** `onChange`: the room itself is another one, as by its settings. */
export function enter(id: string, language: string, onChange: () => void): Live {
  const state = signal<State>('connecting');
  const messages = signal<Message[]>([]);
  const people = signal<Person[]>([]);
  let room: Opened | null = null;
  let isLeft = false;
  let isHttp = false;

  function open(given?: object): void {
    if (isLeft || (given && isHttp)) return;
    isHttp = !given;
    room?.close();
    let before: string | undefined;
    const handlers = {
      messages: (known: unknown[]) => {
        if (room === mine) messages.value = [...(known as Message[])];
      },
      people: (known: Person[]) => {
        if (room === mine) people.value = [...known];
      },
      room: (now: Record<string, unknown>) => {
        if (room !== mine) return;
        // Firestore tells how it is at first, too, and with each message. Events only tell changes, and not
        // of everything.
        const is = settled(now);
        if (!given || (before !== undefined && is !== before)) onChange();
        before = is;
      },
      state: (now: State) => {
        if (room !== mine) return;
        state.value = now;
        if (now === 'signed-out') void signInAgain().then((isIn) => isIn && open(given));
      },
    };
    const client = new StudioClient(given ? { firebase: given as never } : {});
    const mine: Opened = client.room(id, handlers, { languages: [language] });
    room = mine;
    state.value = mine.state;
  }

  const isOpen = listeners().then(open, () => open());
  const timer = setTimeout(() => {
    if (state.value === 'connecting') open();
  }, PATIENCE);

  /** The refusals of the client, as those of the API are elsewhere. */
  const ask = <T>(does: (room: Opened) => Promise<T>): Promise<T> =>
    isOpen.then(() => does(room!)).catch((failure: unknown) => {
      throw asOurs(failure);
    });
  return {
    newId,
    textFor: (message, languages) => textFor(message as never, languages),
    state,
    messages,
    people,
    send: (clientId, { text, replyTo, photo, audio }) =>
      ask(async (opened) => void (await opened.send(text, { clientId, ...(replyTo && { replyTo }), ...(photo && { photo }), ...(audio && { audio }) }))),
    edit: (messageId, text) => ask(async (opened) => void (await opened.edit(messageId, text))),
    speak: (messageId, spoken, voice) => ask((opened) => opened.speak(messageId, spoken, voice)),
    caption: (sound, options) => ask(async (opened) => void (await opened.caption(sound, options))),
    older: () => ask((opened) => opened.older()),
    typing: () => room?.typing(),
    speaking: (isOn) => room?.speaking(isOn),
    read: () => room?.markRead(),
    close: () => {
      isLeft = true;
      clearTimeout(timer);
      room?.close();
    },
  };
}
