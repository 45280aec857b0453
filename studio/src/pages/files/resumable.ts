// Sends a large file in parts to Cloud Storage. What has arrived stays: after a lost connection it goes on by itself,
// and after a reload when the same file is chosen again.
import { api, data, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';

export type Unfinished = Schemas['UploadView'];

/** Smaller files go in one request: less to ask for, and little to lose. */
export const LARGE = 5 * 1024 * 1024;
/** Cloud Storage takes multiples of 256 KiB. */
const PART = 4 * 1024 * 1024;
const LONGEST_WAIT = 30_000;
/** Of one part, while Cloud Storage answers that nothing of it has arrived. */
const MOST_TRIES = 4;
const STATUS_OF_MORE = 308;
/** The last upload of each file. One that is not unfinished any more may be complete, if its answer was lost. */
const begun = new WeakMap<File, string>();

interface Options {
  /** Also the Idempotency-Key of the upload, if there is none yet for this file. */
  key: string;
  signal: AbortSignal;
  /** From 0 to 1, of what has left this machine. */
  onProgress: (part: number) => void;
  /** The connection is lost, or back. */
  onConnection: (isThere: boolean) => void;
}

export async function unfinished(): Promise<Unfinished[]> {
  return (await data(api.GET('/api/files/uploads', { params: { query: { limit: 100 } } }))).uploads;
}

export async function abandon(uploadId: string): Promise<void> {
  try {
    await api.DELETE('/api/files/uploads/{uploadId}', { params: { path: { uploadId } } });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}

export const isOf = ({ name, size, lastModified }: Unfinished, file: File): boolean =>
  name === file.name && size === file.size && new Date(lastModified ?? 0).getTime() === file.lastModified;

/** The file that was made. Rejects with an ApiError; with the signal's reason if it was aborted. */
export async function sendInParts(file: File, options: Options): Promise<Schemas['FileView']> {
  const { signal } = options;
  const found = (await whenThere(file, options, unfinished)).find((each) => isOf(each, file));
  const last = begun.get(file);
  if (found) {
    const made = await finish(found, file, options);
    if (made) return made;
    // Its session ended before everything was there.
    await abandon(found.id);
  } else if (last) {
    const made = await complete(last, file, options);
    if (made) return made;
  }
  const body = { name: file.name, size: file.size, lastModified: new Date(file.lastModified).toISOString() };
  const header = { 'Idempotency-Key': found ? crypto.randomUUID() : options.key };
  const { upload } = await whenThere(file, options, () => data(api.POST('/api/files/uploads', { params: { header }, body, signal })));
  const made = await finish(upload, file, options);
  if (!made) throw new ApiError('upload_not_found', '');
  return made;
}

/** Null if the session takes no more, and not everything has arrived. */
async function finish(upload: Unfinished, file: File, options: Options): Promise<Schemas['FileView'] | null> {
  begun.set(file, upload.id);
  const { size } = file;
  let at = await whenThere(file, options, () => put(upload.url, null, `bytes */${size}`, options.signal).then((answer) => arrived(answer, size)));
  let tries = 0;
  while (at < size) {
    const start = at;
    const end = Math.min(start + PART, size);
    const progress = (bytes: number) => options.onProgress((start + bytes) / size);
    progress(0);
    let isFirst = true;
    at = await whenThere(file, options, async () => {
      // After a failure, nobody knows how much of the part has arrived.
      if (!isFirst) return arrived(await put(upload.url, null, `bytes */${size}`, options.signal), size);
      isFirst = false;
      return arrived(await put(upload.url, file.slice(start, end), `bytes ${start}-${end - 1}/${size}`, options.signal, progress), size);
    });
    tries = at > start ? 0 : tries + 1;
    // For example because the bucket's CORS rule does not let this page see the header Range.
    if (tries === MOST_TRIES) throw new ApiError('unexpected_answer', '');
  }
  options.onProgress(1);
  return complete(upload.id, file, options);
}

/** Null if it has not arrived, or has ended without a file. */
async function complete(uploadId: string, file: File, options: Options): Promise<Schemas['FileView'] | null> {
  const params = { path: { uploadId } };
  try {
    return (await whenThere(file, options, () => data(api.POST('/api/files/uploads/{uploadId}/complete', { params, signal: options.signal })))).file;
  } catch (error) {
    if (error instanceof ApiError && ['upload_incomplete', 'upload_not_found'].includes(error.code)) return null;
    throw error;
  }
}

/** How much has arrived: everything if the session has ended, which the API judges. */
function arrived({ status, range }: Answer, size: number): number {
  return status === STATUS_OF_MORE ? Number(range?.split('-')[1] ?? -1) + 1 : size;
}

/** The result of `ask`, which is asked again, ever more seldom, while there is no connection. */
async function whenThere<T>(file: File, { signal, onConnection }: Options, ask: () => Promise<T>): Promise<T> {
  for (let wait = 1000; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    try {
      const result = await ask();
      onConnection(true);
      return result;
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError) || error.code !== 'offline') throw error;
      await readable(file);
      onConnection(false);
      await online(wait, signal);
    }
  }
}

/** A file that has changed since it was chosen cannot be read, which looks like a lost connection. */
async function readable(file: File): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new ApiError('file_changed', '');
  }
}

/** Until the browser says that there is a connection, at most `wait` ms. */
function online(wait: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(done, wait);
    addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}

interface Answer {
  status: number;
  range: string | null;
}

/** An answer of Cloud Storage. Rejects as `offline` if there is none, or if it is out of order. */
function put(url: string, body: Blob | null, range: string, signal: AbortSignal, onProgress?: (bytes: number) => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    request.setRequestHeader('Content-Range', range);
    const abort = () => request.abort();
    signal.addEventListener('abort', abort);
    if (onProgress) request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    const fail = () => reject(new ApiError('offline', ''));
    request.onload = () => {
      const { status } = request;
      if (status === 429 || status >= 500) fail();
      else resolve({ status, range: request.getResponseHeader('Range') });
    };
    request.onerror = fail;
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    request.send(body);
  });
}
