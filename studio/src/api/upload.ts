// Sends a form with files, and says how far it is: fetch does not tell that.
import { isReachable, whoseRequest } from './client.ts';
import { ApiError, failureOf } from './failure.ts';

interface Options {
  /** From 0 to 1, of what has left this machine. */
  onProgress: (part: number) => void;
  signal: AbortSignal;
  headers?: Record<string, string>;
}

/** The `data` of the answer. Rejects with an ApiError; with the signal's reason if it was aborted. */
export async function upload<T>(path: string, form: FormData, options: Options): Promise<T> {
  const { token, signInAgain } = whoseRequest();
  const bearer = await token(false);
  let response = await send(path, form, bearer, options);
  if (response.status === 401 && bearer && (await signInAgain())) {
    response = await send(path, form, await token(true), options);
  }
  if (!response.ok) throw await failureOf(response);
  try {
    return ((await response.json()) as { data: T }).data;
  } catch {
    throw new ApiError('unexpected_answer', 'no envelope', { status: response.status });
  }
}

function send(path: string, form: FormData, bearer: string, { onProgress, signal, headers }: Options): Promise<Response> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.responseType = 'blob';
    const all = { ...headers, ...(bearer && { Authorization: `Bearer ${bearer}` }) };
    for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
    const abort = () => request.abort();
    signal.addEventListener('abort', abort);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => {
      isReachable.value = true;
      const { status } = request;
      const kept = ['X-Request-Id', 'Retry-After'].flatMap((name): [string, string][] => {
        const value = request.getResponseHeader(name);
        return value === null ? [] : [[name, value]];
      });
      resolve(new Response(status === 204 ? null : (request.response as Blob), { status, headers: kept }));
    };
    request.onerror = () => {
      isReachable.value = navigator.onLine && isReachable.value;
      reject(new ApiError('offline', 'There is no connection.'));
    };
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    request.send(form);
  });
}
