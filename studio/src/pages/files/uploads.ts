// What is being uploaded: one file after the other. It goes on while other pages are open.
import { effect, signal } from '@preact/signals';
import type { Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { upload } from '../../api/upload.ts';
import { state } from '../../session/session.ts';
import { abandon, isOf, LARGE, sendInParts, unfinished } from './resumable.ts';

export interface Upload {
  /** Also the Idempotency-Key: a file that arrived, and whose answer was lost, is not stored twice. */
  key: string;
  file: File;
  state: 'waiting' | 'sending' | 'failed';
  /** It goes on when there is a connection. */
  isCutOff: boolean;
  part: number;
  error: unknown;
}

export const uploads = signal<Upload[]>([]);

type Arrived = (file: Schemas['FileView']) => void;
const arrivals = new Set<Arrived>();
const endings = new Set<() => void>();
let controller: AbortController | null = null;

export function onArrival(call: Arrived): () => void {
  arrivals.add(call);
  return () => arrivals.delete(call);
}

/** Called when what is unfinished may have changed. */
export function onEnding(call: () => void): () => void {
  endings.add(call);
  return () => endings.delete(call);
}

const change = (key: string, to: Partial<Upload>): void => {
  uploads.value = uploads.value.map((each) => (each.key === key ? { ...each, ...to } : each));
};

const drop = (key: string): void => {
  uploads.value = uploads.value.filter((each) => each.key !== key);
};

/** `most`: the largest size that the server takes. */
export function add(files: Iterable<File>, most: number): void {
  const made = [...files].map((file): Upload => {
    const isTooLarge = file.size > most;
    const error = isTooLarge ? new ApiError('file_too_large', '') : null;
    return { key: crypto.randomUUID(), file, state: isTooLarge ? 'failed' : 'waiting', isCutOff: false, part: 0, error };
  });
  uploads.value = [...uploads.value, ...made];
  void work();
}

export function retry(key: string): void {
  change(key, { state: 'waiting', isCutOff: false, part: 0, error: null });
  void work();
}

/** Stops it if it is being sent, and forgets it, with what has arrived. */
export function stop(key: string): void {
  const stopped = uploads.value.find((each) => each.key === key);
  drop(key);
  if (stopped?.state === 'sending') controller?.abort();
  if (stopped && stopped.state !== 'waiting' && isLarge(stopped.file)) void forget(stopped.file);
}

const isLarge = (file: File): boolean => file.size > LARGE;

async function forget(file: File): Promise<void> {
  try {
    await Promise.all((await unfinished()).filter((each) => isOf(each, file)).map(({ id }) => abandon(id)));
  } catch {
    // It expires within a day, and is listed until then.
  }
  for (const call of endings) call();
}

const warn = (event: BeforeUnloadEvent): void => event.preventDefault();

async function work(): Promise<void> {
  if (controller) return;
  addEventListener('beforeunload', warn);
  try {
    for (;;) {
      const next = uploads.value.find((each) => each.state === 'waiting');
      if (!next) break;
      controller = new AbortController();
      await send(next, controller.signal);
    }
  } finally {
    controller = null;
    removeEventListener('beforeunload', warn);
  }
}

async function send({ key, file }: Upload, stopped: AbortSignal): Promise<void> {
  change(key, { state: 'sending' });
  try {
    const onProgress = (part: number) => change(key, { part });
    const made = await (isLarge(file)
      ? sendInParts(file, { key, signal: stopped, onProgress, onConnection: (isThere) => change(key, { isCutOff: !isThere }) })
      : sendAtOnce(file, key, stopped, onProgress));
    drop(key);
    for (const call of arrivals) call(made);
  } catch (error) {
    if (!stopped.aborted) change(key, { state: 'failed', error });
  }
  for (const call of endings) call();
}

async function sendAtOnce(file: File, key: string, signal: AbortSignal, onProgress: (part: number) => void): Promise<Schemas['FileView']> {
  const form = new FormData();
  form.append('file', file, file.name);
  return (await upload<Schemas['UploadedFile']>('/api/files/upload', form, { signal, headers: { 'Idempotency-Key': key }, onProgress })).file;
}

// Nothing is left for the next person.
effect(() => {
  if (state.value !== 'out') return;
  uploads.value = [];
  controller?.abort();
});
