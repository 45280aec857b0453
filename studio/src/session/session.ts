// Who is signed in. Accounts are Firebase's; GET /api/auth/me says what Troupe knows of them, and
// makes a new account known to it, so it comes before everything else.
import { computed, effect, signal } from '@preact/signals';
import { api, data, useBearer, type Schemas } from '../api/client.ts';
import { ApiError } from '../api/errors.ts';
import { chooseLocale, hasChosenLocale, LOCALES, type Locale } from '../i18n/index.ts';
import { forgetPerson, keep, kept } from '../state/storage.ts';
import type { User } from './firebase.ts';

export type Me = Schemas['UserView'];
type State = 'unknown' | 'out' | 'in' | 'suspended';

/** `unknown` until Firebase has looked into this browser's storage. */
export const state = signal<State>('unknown');
export const me = signal<Me | null>(null);
/** Why `me` could not be read. */
export const failure = signal<unknown>(null);
export const isAdmin = computed(() => me.value?.role.name === 'admin');
/** The dialog that asks to sign in again, and what waits for it. */
export const asked = signal<{ answer: (isIn: boolean) => void } | null>(null);

const auth = () => import('./firebase.ts');

/** Starts Firebase. Somebody who was signed in when this browser last looked is waited for by pages. */
export async function begin(): Promise<void> {
  useBearer({
    token: async (renew) => (state.value === 'out' ? '' : (await auth()).idToken(renew)),
    signInAgain,
  });
  try {
    await (await auth()).watchUser(changed);
  } catch {
    state.value = 'out'; // Offline, or Firebase is blocked: pages say so when they ask for something.
  }
}

/** "uid isGuest" of who is signed in; undefined until Firebase has said. */
let who: string | null | undefined;
/** The same of the person whose work this page holds. It outlives a session that ends by itself. */
let owner = kept<string>('owner');
let isLeaving = false;

function changed(user: User | null): void {
  const now = user && `${user.uid} ${user.isAnonymous}`;
  if (now === who || isLeaving) return; // a renewed token
  who = now;
  const [uid, isGuest] = owner?.split(' ') ?? [];
  // A guest who signs in is still the same person. Signing out has removed the owner.
  const isOther = uid && (user ? user.uid !== uid && isGuest === 'false' : !kept('owner'));
  if (isOther) {
    // Signals, the player and followed jobs go with the page.
    isLeaving = true;
    if (kept('owner') !== now) forgetPerson();
    location.replace('/');
  } else if (user) {
    owner = now;
    keep('owner', now);
    void refresh();
  } else {
    me.value = null;
    state.value = 'out';
    keep('wasIn', false);
  }
}

/** Readings of the user are numbered: the last that was begun, the last that was used, and the last that was begun
 * before an answer told the tokens. */
let begun = 0;
let used = 0;
let beforeTokens = 0;

/** Reads the user again, as after something has been paid. */
export async function refresh(): Promise<void> {
  const mine = ++begun;
  try {
    if (state.value === 'out') state.value = 'unknown';
    const { user } = await data(api.GET('/api/auth/me'));
    if (isLeaving || who?.split(' ')[0] !== user.id) return; // somebody else is here by now
    if (mine < used) return; // a later reading has overtaken this one
    used = mine;
    me.value = me.value && mine <= beforeTokens ? { ...user, tokens: me.value.tokens } : user;
    state.value = 'in';
    keep('wasIn', true);
    const spoken = user.language.slice(0, 2);
    if (!hasChosenLocale() && !user.isGuest && spoken in LOCALES && spoken !== 'en') chooseLocale(spoken as Locale);
  } catch (error) {
    failure.value = error;
    if (error instanceof ApiError && error.code === 'account_suspended') state.value = 'suspended';
    else if (me.value === null) state.value = kept<boolean>('wasIn') ? 'in' : 'out';
  }
}

/** Whoever is signed in but could not be read is read again. */
export function retry(): void {
  if (who && !me.value) void refresh();
}

/** Sets the tokens that are left, which some answers tell: they are newer than those that are being read. */
export function setTokens(tokens: number): void {
  if (!me.value) return;
  beforeTokens = begun;
  me.value = { ...me.value, tokens };
}

/** Resolves when whoever `signIn` signs in has been read. */
export async function entered(signIn: () => Promise<void>): Promise<void> {
  await signIn();
  await refresh();
  if (isLeaving) await new Promise(() => {}); // what waits for the dialog was another person's
  asked.value?.answer(true);
}

export const signIn = (email: string, password: string): Promise<void> =>
  entered(async () => (await auth()).signInByPassword(email, password));

export const signUp = (email: string, password: string): Promise<void> =>
  entered(async () => (await auth()).signUpByPassword(email, password));

export const beGuest = (): Promise<void> => entered(async () => (await auth()).signInAsGuest());

/** Whether the account may be left: a guest cannot come back to theirs, and is asked. The owner is
 * known before /me has answered. */
export const mayLeave = async (): Promise<boolean> =>
  who === null || !owner?.endsWith(' true') || (await import('./guest.ts')).agrees();

/** The page begins anew: see `changed`. */
export async function signOut(): Promise<void> {
  forgetPerson();
  await (await auth()).leave();
}

let asking: Promise<boolean> | null = null;

/** Opens the dialog over whatever is there, once for all requests that were refused together. */
export function signInAgain(): Promise<boolean> {
  asking ??= new Promise<boolean>((resolve) => {
    asked.value = { answer: resolve };
  }).finally(() => {
    asked.value = null;
    asking = null;
  });
  return asking;
}

/** For actions that need somebody: the dialog comes if nobody is signed in. Who clicks at once waits
 * until that is known. */
export async function needSomebody(): Promise<boolean> {
  await new Promise<void>((resolve) => {
    const stop = effect(() => {
      if (state.value !== 'unknown') queueMicrotask(() => (stop(), resolve()));
    });
  });
  return state.value === 'in' || signInAgain();
}
