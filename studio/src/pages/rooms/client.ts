// The client that the project gives to everybody, /live.mjs, as somebody who is signed in here.
import { Client } from '../../../../public/live.mjs';
import { ApiError } from '../../api/errors.ts';

const account = () => import('../../session/firebase.ts');

export class StudioClient extends Client {
  override async token(fresh = false): Promise<string> {
    return (await account()).idToken(fresh);
  }
}

/** The failures of that client have a class of their own. */
export function asOurs(failure: unknown): unknown {
  if (!(failure instanceof Error) || failure.name !== 'ApiError') return failure;
  const { code, status, details, retryAfter } = failure as ApiError;
  return new ApiError(code === 'unreachable' ? 'offline' : code, failure.message, { status, details, retryAfter });
}

/** What listens to Firestore. */
export async function listeners(): Promise<object> {
  const [{ auth }, sdk] = await Promise.all([account().then(({ firebase }) => firebase()), import('../../jobs/watch.ts')]);
  return { auth, firestore: await sdk.firestore(), sdk };
}
