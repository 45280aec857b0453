// An open room as signals, by the client that the project gives to everybody: /live.mjs.
import { signal, type Signal } from '@preact/signals';
import { Client } from '../../../../public/live.mjs';
import { ApiError } from '../../api/errors.ts';
import { signInAgain } from '../../session/session.ts';
import type { Schemas } from '../../api/client.ts';

export { newId, textFor } from '../../../../public/live.mjs';

type Opened = ReturnType<Client['room']>;
export type Message = Omit<Schemas['MessageView'], 'audioUrl' | 'photoUrl'>;
export type Person = Opened['people'][number];
export type State = Opened['state'];

const account = () => import('../../session/firebase.ts');

/** If Firestore is not there by then, in ms, the room is followed over HTTP: some networks block it. */
const PATIENCE = 8000;

class StudioClient extends Client {
  override async token(fresh = false): Promise<string> {
    return (await account()).idToken(fresh);
  }
}

export interface Live {
  state: Signal<State>;
  messages: Signal<Message[]>;
  people: Signal<Person[]>;
  send: (clientId: string, text: string, photo?: Blob) => Promise<void>;
  older: () => Promise<boolean>;
  typing: () => void;
  read: () => void;
  close: () => void;
}

/** The failures of that client have a class of their own. */
function asOurs(failure: unknown): unknown {
  if (!(failure instanceof Error) || failure.name !== 'ApiError') return failure;
  const { code, status, details, retryAfter } = failure as ApiError;
  return new ApiError(code === 'unreachable' ? 'offline' : code, failure.message, { status, details, retryAfter });
}

async function listeners(): Promise<object> {
  const [{ auth }, sdk] = await Promise.all([account().then(({ firebase }) => firebase()), import('../../jobs/watch.ts')]);
  return { auth, firestore: await sdk.firestore(), sdk };
}

export function enter(id: string, language: string): Live {
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
    const handlers = {
      messages: (known: unknown[]) => {
        if (room === mine) messages.value = [...(known as Message[])];
      },
      people: (known: Person[]) => {
        if (room === mine) people.value = [...known];
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
    state,
    messages,
    people,
    send: (clientId, text, photo) => ask(async (opened) => void (await opened.send(text, { clientId, ...(photo && { photo }) }))),
    older: () => ask((opened) => opened.older()),
    typing: () => room?.typing(),
    read: () => room?.markRead(),
    close: () => {
      isLeft = true;
      clearTimeout(timer);
      room?.close();
    },
  };
}
