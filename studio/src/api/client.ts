// The API, typed by contract.d.ts:
//
//   const { user } = await data(api.GET('/api/auth/me'));
//
// Every failure is an ApiError: of the API, of something in between, or of the network.
import createClient from 'openapi-fetch';
import type { components, paths } from '../contract.d.ts';
import { signal } from '@preact/signals';
import { ApiError, failureOf } from './failure.ts';

export type Schemas = components['schemas'];

interface Bearer {
  /** The token to send, "" for nobody. */
  token: (renew: boolean) => Promise<string>;
  /** Asks the user to sign in again; false if they would not. */
  signInAgain: () => Promise<boolean>;
}

let bearer: Bearer = { token: async () => '', signInAgain: async () => false };

/** The session says whose requests these are. */
export function useBearer(given: Bearer): void {
  bearer = given;
}

/** For the one request that `fetch` cannot make: an upload with its progress. */
export const whoseRequest = (): Bearer => bearer;

/** Whether the last request got an answer. */
export const isReachable = signal(true);

async function answerTo(request: Request, token: string): Promise<Response> {
  if (token) request.headers.set('Authorization', `Bearer ${token}`);
  try {
    const response = await fetch(request);
    isReachable.value = true;
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    isReachable.value = false;
    throw new ApiError('offline', 'There is no connection.');
  }
}

async function send(request: Request): Promise<Response> {
  const again = request.clone();
  const token = await bearer.token(false);
  let response = await answerTo(request, token);
  if (response.status === 401 && token && (await bearer.signInAgain())) {
    response = await answerTo(again, await bearer.token(true));
  }
  if (!response.ok) throw await failureOf(response);
  const type = response.headers.get('Content-Type') ?? '';
  if (type.includes('text/html')) throw new ApiError('unexpected_answer', 'HTML', { status: response.status });
  return response;
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });

/** The `data` of the envelope. */
export async function data<T>(call: Promise<{ data?: { data: T } | undefined }>): Promise<T> {
  const { data: envelope } = await call;
  if (!envelope) throw new ApiError('unexpected_answer', 'no envelope');
  return envelope.data;
}

/** The `data` and the `meta` of a page of a list. */
export async function page<T>(
  call: Promise<{ data?: { data: T; meta: Schemas['Meta'] } | undefined }>,
): Promise<{ data: T; meta: Schemas['Meta'] }> {
  const { data: envelope } = await call;
  if (!envelope) throw new ApiError('unexpected_answer', 'no envelope');
  return envelope;
}
