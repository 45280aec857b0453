// Signing in with Google, in a window of its own, or in this one where the browser opens none. Firebase's
// own window needs a script and a frame of apis.google.com, which the policy of the studio refuses
// (docs/decisions/043-google-sign-in.md). Here, Google's page sends an access token to /auth/google, and
// Firebase checks it.
import { entered, mayLeave } from './session.ts';

const AUTHORIZE = 'https://accounts.google.com/o/oauth2/v2/auth';
const CHANNEL = 'troupe.google';
const STATE = 'troupe.google';

/** What Google sends back. */
interface Answer {
  state: string;
  token: string;
}

/** Where to go after signing in, and the word by which the answer is known as ours. */
interface Begun {
  state: string;
  to: string;
}

function addressOf(clientId: string, state: string): string {
  const query = {
    client_id: clientId,
    redirect_uri: `${location.origin}/auth/google`,
    response_type: 'token',
    scope: 'openid email profile',
    prompt: 'select_account',
    state,
  };
  return `${AUTHORIZE}?${new URLSearchParams(query)}`;
}

let waiting: AbortController | null = null;

/** Resolves when somebody is signed in. Call it in a click, so that the browser lets a window open. Whoever
 * closes that window may click again. */
export async function signInWithGoogle(clientId: string, to: string): Promise<void> {
  waiting?.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  const state = crypto.randomUUID();
  const opened = open(addressOf(clientId, `window.${state}`), 'troupe-google', 'popup,width=500,height=650');
  if (!opened) {
    sessionStorage.setItem(STATE, JSON.stringify({ state, to }));
    location.assign(addressOf(clientId, `page.${state}`));
    return new Promise(() => {}); // the page is left
  }
  const channel = new BroadcastChannel(CHANNEL);
  // Not by `opened`: pages of Google may cut the tie between the windows.
  const token = await new Promise<string>((resolve, reject) => {
    signal.onabort = () => reject(new DOMException('', 'AbortError'));
    channel.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.state === state) resolve(data.token);
    };
  }).finally(() => channel.close());
  await take(token);
}

/** What Google has sent to this page, or null. */
function answer(): (Answer & { isWindow: boolean }) | null {
  const sent = new URLSearchParams(location.hash.slice(1));
  const [where, state] = (sent.get('state') ?? '').split('.');
  return where && state ? { state, token: sent.get('access_token') ?? '', isWindow: where === 'window' } : null;
}

/** On the page that Google comes back to. Returns where to go; null if it is not known as ours. */
export async function comeBack(): Promise<string | null> {
  const sent = answer();
  history.replaceState(null, '', location.pathname); // the token stays in no history
  if (!sent) return null;
  const { state, token, isWindow } = sent;
  if (isWindow) {
    const channel = new BroadcastChannel(CHANNEL);
    channel.postMessage({ state, token } satisfies Answer);
    channel.close();
    close();
    return null;
  }
  const begun = JSON.parse(sessionStorage.getItem(STATE) ?? 'null') as Begun | null;
  sessionStorage.removeItem(STATE);
  if (begun?.state !== state) return null;
  await take(token);
  return begun.to;
}

/** A guest stays the same person, unless the Google account is somebody's already. */
async function take(token: string): Promise<void> {
  if (!token) throw new DOMException('', 'AbortError'); // Google was told no
  const { signInByGoogle } = await import('./firebase.ts');
  await entered(async () => {
    try {
      await signInByGoogle(token, true);
    } catch (error) {
      if (!/already-in-use$/.test((error as { code?: string }).code ?? '')) throw error;
      if (!(await mayLeave())) throw new DOMException('', 'AbortError');
      await signInByGoogle(token, false);
    }
  });
}
