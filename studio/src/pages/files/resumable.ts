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
/** Of one request, while the API answers. */
const MOST_FAILURES = 6;
const silence = new ApiError('unavailable', '');
const STATUS_OF_MORE = 308;

/** The ids of their uploads. One that is no longer unfinished may be complete, and only the answer was lost. */
const begun = new WeakMap<File, string>();

interface Options {
  /** The Idempotency-Key of the upload, if there is none yet for this file. */
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
  await api.DELETE('/api/files/uploads/{uploadId}', { params: { path: { uploadId } } }).catch(unlessGone);
}

function unlessGone(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null;
  throw error;
}

export const isOf = ({ name, size, lastModified }: Unfinished, file: File): boolean =>
  name === file.name && size === file.size && new Date(lastModified ?? 0).getTime() === file.lastModified;

/** The file that was made. Rejects with an ApiError; with the signal's reason if it was aborted. */
export async function sendInParts(file: File, options: Options): Promise<Schemas['FileView']> {
  const found = (await whenThere(file, options, unfinished)).find((each) => isOf(each, file));
  const earlier = begun.get(file);
  if (found) {
    const made = await finish(found, file, options, true);
    if (made) return made;
    // Its session takes nothing more, or nothing from this page.
    await whenThere(file, options, () => abandon(found.id));
  } else if (earlier) {
    const made = await complete(earlier, file, options).catch(unlessGone);
    if (made) return made;
  }
  const body = { name: file.name, size: file.size, lastModified: new Date(file.lastModified).toISOString() };
  const header = { 'Idempotency-Key': options.key };
  const { signal } = options;
  const { upload } = await whenThere(file, options, () => data(api.POST('/api/files/uploads', { params: { header }, body, signal })));
  const made = await finish(upload, file, options, false);
  if (!made) throw new ApiError('upload_not_found', '');
  return made;
}

/** Null if the session takes no more, and not everything has arrived. `isOld`: from before this page was loaded, so the
 * session may be for pages of another address, and tell this one nothing. */
async function finish(upload: Unfinished, file: File, options: Options, isOld: boolean): Promise<Schemas['FileView'] | null> {
  const { size } = file;
  begun.set(file, upload.id);
  const ask = async () => arrived(await put(upload.url, null, `bytes */${size}`, options.signal), size);
  let at: number;
  try {
    at = await whenThere(file, options, ask);
  } catch (error) {
    if (isOld && error === silence) return complete(upload.id, file, options);
    throw error;
  }
  let tries = 0;
  while (at < size) {
    const start = at;
    const end = Math.min(start + PART, size);
    const progress = (bytes: number) => options.onProgress((start + bytes) / size);
    progress(0);
    let isFirst = true;
    at = await whenThere(file, options, async () => {
      // After a failure, nobody knows how much of the part has arrived.
      const there = isFirst ? start : await ask();
      isFirst = false;
      if (there !== start) return there;
      const answer = await put(upload.url, file.slice(start, end), `bytes ${start}-${end - 1}/${size}`, options.signal, progress);
      // A refusal does not say why: another tab may have sent this part, or the session has ended.
      return isRefusal(answer) ? ask() : arrived(answer, size);
    });
    tries = at > start ? 0 : tries + 1;
    // For example because the bucket's CORS rule does not let this page see the header Range.
    if (tries === MOST_TRIES) throw new ApiError('unexpected_answer', '');
  }
  options.onProgress(1);
  return complete(upload.id, file, options);
}

/** Null if not everything has arrived. */
async function complete(uploadId: string, file: File, options: Options): Promise<Schemas['FileView'] | null> {
  const params = { path: { uploadId } };
  try {
    return (await whenThere(file, options, () => data(api.POST('/api/files/uploads/{uploadId}/complete', { params, signal: options.signal })))).file;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'upload_incomplete') return null;
    throw error;
  }
}

const isRefusal = ({ status }: Answer): boolean => status >= 400;

/** How much has arrived: everything if the session has ended, which the API judges. */
function arrived({ status, range }: Answer, size: number): number {
  return status === STATUS_OF_MORE ? Number(range?.split('-')[1] ?? -1) + 1 : size;
}

/** The result of `ask`, which is asked again, ever more seldom, while there is no connection. */
async function whenThere<T>(file: File, { signal, onConnection }: Options, ask: () => Promise<T>): Promise<T> {
  let failures = 0;
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
      // With a connection, this may not go away by itself: an answer that the page may not read looks the same.
      if (await unfinished().then(() => true, () => false)) failures++;
      if (failures === MOST_FAILURES) throw silence;
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
    signal.throwIfAborted();
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
      if (status === 408 || status === 429 || status >= 500) fail();
      else resolve({ status, range: request.getResponseHeader('Range') });
    };
    request.onerror = fail;
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    request.send(body);
  });
}
