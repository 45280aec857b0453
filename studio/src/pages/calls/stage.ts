// A call that goes on, as signals, by the client that the project gives to everybody: /call.mjs. It follows
// events over HTTP: a call must work where a network blocks Firestore.
import { signal, type Signal } from '@preact/signals';
import { enterCall } from '../../../../public/call.mjs';
import { asOurs, StudioClient } from '../rooms/client.ts';
import type { Message } from '../rooms/live.ts';

export { textFor } from '../../../../public/live.mjs';

export type Opened = ReturnType<typeof enterCall>;
export type State = Opened['state'];
export type Recording = NonNullable<Opened['recording']>;
export interface Person {
  id: string;
  userId: string;
  name: string;
  guest: boolean;
  role: string;
  media: { audio: boolean; video: boolean; screen: boolean };
  connection: RTCPeerConnectionState;
}
export interface Media {
  stream: MediaStream;
  screen: MediaStream;
}

export interface Stage {
  call: Opened;
  state: Signal<State>;
  /** Why it is not in the call. */
  error: Signal<unknown>;
  people: Signal<Person[]>;
  media: Signal<ReadonlyMap<string, Media>>;
  /** Whether the user sends a picture, and their screen. */
  own: Signal<{ audio: boolean; video: boolean; screen: boolean }>;
  recording: Signal<Recording | null>;
  endsAt: Signal<Date | null>;
  messages: Signal<Message[]>;
  /** A failure of the client, as one of the API is elsewhere. */
  ask: <T>(does: () => Promise<T>) => Promise<T>;
}

export function enter(callId: string, options: { video: boolean; language: string }): Stage {
  const state = signal<State>('joining');
  const error = signal<unknown>(null);
  const people = signal<Person[]>([]);
  const media = signal<ReadonlyMap<string, Media>>(new Map());
  const own = signal({ audio: false, video: false, screen: false });
  const recording = signal<Recording | null>(null);
  const endsAt = signal<Date | null>(null);
  const messages = signal<Message[]>([]);
  const handlers = {
    state: (now: State, failure?: unknown) => {
      state.value = now;
      error.value = failure ? asOurs(failure) : null;
    },
    people: (now: Person[]) => {
      people.value = now;
    },
    media: (id: string, given: Media) => {
      media.value = new Map([...media.value, [id, given]]);
    },
    own: ({ stream, screen }: Media) => {
      const [audio, video, shown] = [stream.getAudioTracks(), stream.getVideoTracks(), screen.getVideoTracks()];
      own.value = { audio: audio.some(({ enabled }) => enabled), video: video.length > 0, screen: shown.length > 0 };
    },
    recording: (now: Recording | null) => {
      recording.value = now;
    },
    ends: (at: Date | null) => {
      endsAt.value = at;
    },
    chat: {
      messages: (known: unknown[]) => {
        messages.value = [...(known as Message[])];
      },
    },
  };
  const call = enterCall(new StudioClient({}), callId, handlers as never, { ...(options.video ? {} : { video: false }), language: options.language });
  const ask = <T>(does: () => Promise<T>): Promise<T> =>
    does().catch((failure: unknown) => {
      throw asOurs(failure);
    });
  return { call, state, error, people, media, own, recording, endsAt, messages, ask };
}
