// Firebase Auth, in a chunk of its own: the first paint does not wait for it.
import { initializeApp, type FirebaseApp } from '@firebase/app';
import {
  EmailAuthProvider,
  GoogleAuthProvider,
  browserLocalPersistence,
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  indexedDBLocalPersistence,
  initializeAuth,
  linkWithCredential,
  onIdTokenChanged,
  signInAnonymously,
  signInWithCredential,
  signInWithEmailAndPassword,
  signOut,
  type Auth,
  type AuthCredential,
  type User,
} from '@firebase/auth';

export type { User };

/** "auth=127.0.0.1:9099 firestore=127.0.0.1:8080" on the local stack, nothing elsewhere. */
export function emulators(): Record<string, string> {
  const told = document.querySelector<HTMLMetaElement>('meta[name="emulators"]')?.content ?? '';
  return Object.fromEntries(told.split(' ').filter(Boolean).map((each) => each.split('=') as [string, string]));
}

let started: Promise<{ app: FirebaseApp; auth: Auth }> | null = null;

/** The project is that of the site: Hosting tells it. */
export function firebase(): Promise<{ app: FirebaseApp; auth: Auth }> {
  started ??= (async () => {
    const answer = await fetch('/__/firebase/init.json');
    const told = await answer.json();
    // The emulator of a project that does not exist has no key, and takes any.
    const app = initializeApp({ ...told, apiKey: told.apiKey || 'local' });
    const auth = initializeAuth(app, { persistence: [indexedDBLocalPersistence, browserLocalPersistence] });
    const { auth: host } = emulators();
    if (host) connectAuthEmulator(auth, `http://${host}`, { disableWarnings: true });
    return { app, auth };
  })();
  started.catch(() => {
    started = null;
  });
  return started;
}

/** Calls back now, and whenever somebody signs in or out. */
export async function watchUser(changed: (user: User | null) => void): Promise<void> {
  const { auth } = await firebase();
  await auth.authStateReady();
  onIdTokenChanged(auth, changed);
}

export async function idToken(renew: boolean): Promise<string> {
  const { auth } = await firebase();
  await auth.authStateReady();
  return (await auth.currentUser?.getIdToken(renew)) ?? '';
}

export async function signInByPassword(email: string, password: string): Promise<void> {
  await signInWithEmailAndPassword((await firebase()).auth, email, password);
}

export async function signInAsGuest(): Promise<void> {
  await signInAnonymously((await firebase()).auth);
}

/** A guest keeps everything: their account gets another way in. False for others. */
async function link(credential: AuthCredential): Promise<boolean> {
  const { auth } = await firebase();
  await auth.authStateReady();
  const user = auth.currentUser;
  if (!user?.isAnonymous) return false;
  await linkWithCredential(user, credential);
  await user.getIdToken(true);
  return true;
}

export async function signUpByPassword(email: string, password: string): Promise<void> {
  if (await link(EmailAuthProvider.credential(email, password))) return;
  await createUserWithEmailAndPassword((await firebase()).auth, email, password);
}

/** `links`: a guest stays the same person. */
export async function signInByGoogle(token: string, links: boolean): Promise<void> {
  const credential = GoogleAuthProvider.credential(null, token);
  if (!links || !(await link(credential))) await signInWithCredential((await firebase()).auth, credential);
}

export async function leave(): Promise<void> {
  await signOut((await firebase()).auth);
}
