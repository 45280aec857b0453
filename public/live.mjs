// A client of rooms, for browsers and Node; docs/clients.md shows how it is used. It needs nothing but the
// Firebase JS SDK, which is passed in, and follows rooms over HTTP without it.

/**
 * @typedef {{accessToken: string, refreshToken?: string, expiresIn?: number}} Session What signing in
 *   answers; `expiresIn`: seconds from now.
 * @typedef {{sdk: any, auth: any, firestore: any}} Firebase `sdk` has the functions `signInWithCustomToken`,
 *   `collection`, `doc`, `query`, `orderBy`, `limit` and `onSnapshot`.
 * @typedef {{text: string, by: string, partly: boolean}} Translation
 * @typedef {{id: string, roomId: string, userId: string, name: string, guest: boolean, kind: string,
 *   clientId: string, text: string, language: string, translationState: string, targets: string[],
 *   translations: Record<string, Translation>, caption: any, audio: any, photo: any,
 *   speech: Record<string, Spoken>,
 *   replyToId: string | null, mentionedIds: string[], revision: number, createdAt: string,
 *   updatedAt: string, editedAt: string | null, deletedAt: string | null, deletedBy: string}} Message As the
 *   API answers, without links. Its times can be compared as text.
 * @typedef {{state: "pending" | "ready" | "failed", voice: string, seconds: number | null,
 *   error: string}} Spoken
 * @typedef {"new" | "edited" | "deleted" | "translated" | "transcribed" | "spoken" | "updated" | "expired"}
 *   ChangeType `transcribed`: a caption has grown, or a sound has its transcript or gets none; `updated`:
 *   something else of it; `expired`: the room no longer keeps it.
 * @typedef {{type: ChangeType, message: Message}} Change
 * @typedef {{userId: string, name: string, state: "active" | "away" | "typing" | "speaking"}} Person
 * @typedef {"connecting" | "live" | "removed" | "signed-out" | "closed"} State The last three are final.
 *   `removed`: is not a member, or the room was deleted.
 * @typedef {object} Handlers
 * @property {(messages: Message[], changes: Change[]) => void} [messages] All that are known, oldest first,
 *   and how they differ from those before; the first time, there are no changes.
 * @property {(people: Person[]) => void} [people] Who is there.
 * @property {(room: any) => void} [room] The room as it is now.
 * @property {(state: State, error?: any) => void} [state] `error`: why it is not live.
 * @typedef {{patience?: number, signal?: AbortSignal, keepalive?: boolean, timeout?: number,
 *   headers?: Record<string, string>}} Options Of a request. `timeout`: ms; `patience`: for how long, in ms,
 *   it is tried again.
 */

export const PATIENCE = 60_000; // ms for which a request that can be repeated is tried again
const RENEWAL = 10_000; // ms for renewing a session
const TIMEOUT = 30_000; // ms for one request
const BRIEF = 5_000; // ms; a request that ends earlier, without an event, is not repeated at once
const SILENCE = 60_000; // ms without a byte, after which a connection is given up
const PASSES = 10_000; // ms after which `typing` and `speaking` end by themselves
const AGAIN = 8_000; // ms after which they are repeated
const MARKS = 2_000; // ms between two marks
const QUIET = 2_000; // ms without a new message, after which changes of older ones are followed
const MOST = 100; // messages in a page
const KEPT = 1000; // messages that stay, beyond those that `older` has added

/** A refusal by the API: `code` and `details` are those of the answer. `status` 0 and the code `unreachable`:
 * there was no answer. `retryAfter`: seconds, 0 if the answer does not say. */
export class ApiError extends Error {
  name = "ApiError";

  constructor(status, error = {}, retryAfter = 0) {
    super(error.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = error.code ?? "unknown";
    this.details = error.details ?? {};
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get retryable() {
    return [0, 408, 429].includes(this.status) || this.status >= 500;
  }
}

/** The text to show to somebody who reads `languages`, best first. `by`: the translator; empty for the original.
 * @param {Message} message @param {string[]} languages */
export function textFor(message, languages) {
  for (const wanted of languages) {
    if (alike(wanted)(message.language)) break;
    const codes = Object.keys(message.translations);
    const language = codes.find((code) => code === wanted) ?? codes.find(alike(wanted));
    if (!language) continue;
    const { text, by } = message.translations[language];
    return { text, language, by };
  }
  return { text: message.text, language: message.language, by: "" };
}

/** Tells codes of the same language: `pt-BR` for `pt`. */
function alike(language) {
  return (code) => code.split("-")[0] === language.split("-")[0];
}

export class Client {
  #session;
  #expires = Infinity;
  #renewing;
  #signingIn;

  /** @param {{baseUrl?: string, session?: Session, onSession?: (session: Session) => void,
   *   loadSession?: () => Session | undefined | Promise<Session | undefined>, firebase?: Firebase,
   *   eventsUrl?: string}} options
   * `baseUrl`: where the API is, without `/api`; by default, where the page is. `session`: of an account that
   * has signed in with the API; without it, `firebase.auth` must be signed in. `onSession` stores each new
   * session, because a refresh token works once; `loadSession` returns what is stored, which another tab may
   * have renewed. `eventsUrl`: the address of the function `live` itself, used without `firebase`. */
  constructor({ baseUrl, session, onSession, loadSession, firebase, eventsUrl }) {
    this.baseUrl = baseUrl || globalThis.location.origin;
    this.firebase = firebase;
    this.eventsUrl = eventsUrl;
    this.onSession = onSession;
    this.loadSession = loadSession;
    if (session) this.#keep(session);
  }

  /** Enters a room of which the account is a member. Close it when it is no longer shown. `limit`: how many
   * messages to begin with, 100 at most. `languages`: those that the user reads, best first; messages that
   * were sent while nobody who reads them was there are translated.
   * @param {string} roomId @param {Handlers} handlers
   * @param {{limit?: number, languages?: string[]}} options */
  room(roomId, handlers = {}, { limit = 50, languages = [] } = {}) {
    return new Room(this, roomId, handlers, Math.min(limit, MOST), languages);
  }

  /** Calls the API, and returns the answer's `data`. It is not tried again unless `patience` says that it can
   * be. Throws ApiError.
   * @param {string} method @param {string} path @param {any} [body] @param {Options} [options] */
  async call(method, path, body, options) {
    return (await this.ask(method, path, body, options)).data;
  }

  /** The same; returns the whole envelope.
   * @param {string} method @param {string} path @param {any} [body] @param {Options} [options] */
  async ask(method, path, body, { patience = 0, ...options } = {}) {
    const ends = performance.now() + patience;
    for (let tries = 0; ; tries++) {
      try {
        return await read(await this.open(method, path, body, options));
      } catch (error) {
        const wait = error.retryAfter * 1000 || backoff(tries);
        if (!error.retryable || performance.now() + wait > ends) throw error;
        await pause(wait, options.signal);
      }
    }
  }

  /** Sends a request, and again if only the token was too old. Throws ApiError.
   * @param {string} method @param {string} path @param {any} [body] @param {Options} [options] */
  async open(method, path, body, { signal, keepalive, headers, timeout = TIMEOUT } = {}) {
    for (let fresh = false; ; fresh = true) {
      const signals = [...(signal ? [signal] : []), ...(timeout ? [AbortSignal.timeout(timeout)] : [])];
      const sent = { ...headers, Authorization: `Bearer ${await this.token(fresh)}` };
      const json = body && !(body instanceof FormData);
      if (json) sent["Content-Type"] = "application/json";
      const init = { method, keepalive, headers: sent, signal: AbortSignal.any(signals) };
      const data = json ? JSON.stringify(body) : body;
      const answer = await reach(this.#url(path), { ...init, body: data }, signal);
      if (answer.ok) return answer;
      if (answer.status !== 401 || fresh) throw await refusal(answer);
    }
  }

  /** The token is sent nowhere else. */
  #url(path) {
    const url = new URL(path, this.baseUrl);
    const allowed = [this.baseUrl, this.eventsUrl ?? this.baseUrl].map((each) => new URL(each).origin);
    if (!allowed.includes(url.origin)) throw new TypeError(`${url.origin} is not the API's address.`);
    return url;
  }

  /** A token for the API; `fresh`: a new one. Throws ApiError. */
  async token(fresh = false) {
    if (!this.#session) {
      await this.firebase?.auth.authStateReady();
      const user = this.firebase?.auth.currentUser;
      if (!user) throw new ApiError(401, { code: "unauthorized", message: "Sign in first." });
      return await user.getIdToken(fresh);
    }
    if (fresh || performance.now() > this.#expires) {
      this.#renewing ??= inTurn(() => this.#renew()).finally(() => (this.#renewing = undefined));
      await this.#renewing;
    }
    return this.#session.accessToken;
  }

  /** Signs in to Firebase, if the account has a session of the API. The sign-in renews itself, and ends with
   * the session. `fresh`: again. */
  async signIn(fresh = false) {
    if (!this.#session) return;
    if (fresh || !this.#signingIn) this.#signingIn = this.#signIn();
    await this.#signingIn;
  }

  async #signIn() {
    const { sdk, auth } = this.firebase;
    const found = await this.call("POST", "/api/auth/firebase-token", {}, { patience: PATIENCE });
    await sdk.signInWithCustomToken(auth, found.firebaseToken);
  }

  async #renew() {
    const stored = await this.loadSession?.();
    if (stored) this.#keep(stored);
    if (!this.#session.refreshToken) {
      throw new ApiError(401, { code: "unauthorized", message: "The session has ended. Sign in again." });
    }
    const init = { method: "POST", headers: { "Content-Type": "application/json" } };
    const body = JSON.stringify({ refreshToken: this.#session.refreshToken });
    const signal = AbortSignal.timeout(RENEWAL);
    const answer = await reach(this.#url("/api/auth/refresh"), { ...init, body, signal });
    if (!answer.ok) throw await refusal(answer);
    this.#keep((await read(answer)).data);
    await this.onSession?.(this.#session);
  }

  /** @param {Session} session */
  #keep({ accessToken, refreshToken, expiresIn }) {
    this.#session = { accessToken, refreshToken, expiresIn };
    if (expiresIn) this.#expires = performance.now() + (expiresIn - 60) * 1000;
  }
}

/** A room that is open. `messages`: oldest first; `people`: who is there. */
class Room {
  #client;
  #path;
  #handlers;
  #limit;
  #languages;
  #known = new Map(); // messages by id
  #online = new Map(); // people by user id
  #listeners = [];
  #snapshots = Promise.resolve();
  /** @type {Promise<any>} */
  #sending = Promise.resolve();
  #ends = new AbortController();
  #loaded = false;
  #restarts = 0;
  #last = ""; // the id of the last event
  #changed = ""; // when the last known change was
  #cleared = ""; // messages up to then are deleted
  #extending; // a timer: each new message would be read twice while many are sent
  #extend; // listens to changes of what is older than the newest `#limit`, too
  #most = KEPT; // messages that are kept
  #cursor = ""; // of the pages of older messages
  #complete = false; // whether there are none
  #asked = new Set(); // the ids of messages whose translation was asked for
  #asking = false;
  #beat = { timer: undefined, every: PATIENCE, told: "", typing: 0, speaking: false };
  #mark = { timer: undefined, at: "", next: "" };
  #showing;
  /** @type {State} */
  state = "connecting";
  /** @type {Message[]} */
  messages = [];
  /** @type {Person[]} */
  people = [];

  constructor(client, id, handlers, limit, languages) {
    this.id = id;
    this.#client = client;
    this.#path = `/api/rooms/${encodeURIComponent(id)}`;
    this.#handlers = handlers;
    this.#limit = limit;
    this.#languages = languages;
    this.#watch("addEventListener");
    this.#start();
    this.#tell();
  }

  /** Sends a message, after those that were sent before it, and only once, however often it is tried. Returns
   * it, with the translations that took less than three seconds. Throws ApiError; `unreachable` after a minute
   * of trying. Then send it again with the same `clientId`, even after a restart of the app.
   * @param {string} text May be empty with a sound or a picture.
   * @param {{clientId?: string, language?: string, replyTo?: string, speak?: boolean, audio?: Blob,
   *   photo?: Blob}} options
   * @returns {Promise<Message>} */
  send(text, { clientId = newId(), audio, photo, ...more } = {}) {
    this.#beat.typing = 0;
    const fields = { ...(text && { text }), clientId, ...more };
    const body = audio || photo ? formOf({ ...fields, audio, photo }) : fields;
    const send = () => this.#call("POST", "/messages", body);
    const sent = this.#sending.then(send).then((data) => settled(data.message));
    this.#sending = sent.catch(() => {});
    return sent;
  }

  /** Shows the others what the user says, in their languages: a whole sound of 0.4 to 15 s, or what the app itself
   * has recognised. `stream`: a recording, in which `seq` counts; `final: false`: the same will be sent again with
   * more. Returns the message; null if nobody speaks. Throws ApiError.
   * @param {Blob | string} said
   * @param {{stream?: string, seq?: number, startMs?: number, language?: string, final?: boolean}} options
   * @returns {Promise<Message | null>} */
  async caption(said, { stream = newId(), seq = 0, ...more } = {}) {
    const what = typeof said === "string" ? { text: said } : { audio: said };
    const { caption } = await this.#call("POST", "/captions", formOf({ ...what, stream, seq, ...more }));
    return caption && settled(caption);
  }

  /** Changes the text of one's own message. Throws ApiError, `changed_since` if it is not the one shown.
   * @returns {Promise<Message>} */
  async edit(messageId, text) {
    const revision = this.#known.get(messageId)?.revision;
    const data = await this.#call("PUT", pathOf(messageId), { text, revision });
    return settled(data.message);
  }

  /** Deletes a message, whose place stays, empty. Throws ApiError. */
  async delete(messageId) {
    await this.#call("DELETE", pathOf(messageId));
  }

  /** Translates a message into one more language, for everybody; with a `style`, for the caller alone.
   * Throws ApiError.
   * @returns {Promise<{text: string, translationState: string}>} */
  translate(messageId, targetLanguage, style) {
    return this.#call("POST", `${pathOf(messageId)}/translations`, { targetLanguage, style });
  }

  /** Speaks a message in a language, for everybody. Its `speech` says when it can be heard. Throws ApiError.
   * @param {string} messageId @param {string} language @param {"sender" | "default"} voice */
  async speak(messageId, language, voice = "sender") {
    await this.#call("POST", `${pathOf(messageId)}/speech`, { language, voice });
  }

  /** The sound of a message or, with a `language`, its speech. Throws ApiError.
   * @param {string} messageId @param {{language?: string, voice?: string}} query
   * @returns {Promise<Blob>} */
  sound(messageId, query = {}) {
    return this.#file(`${pathOf(messageId)}/audio?${new URLSearchParams(query)}`);
  }

  /** Throws ApiError. @param {string} messageId @returns {Promise<Blob>} */
  picture(messageId) {
    return this.#file(`${pathOf(messageId)}/photo`);
  }

  /** Adds a page of older messages; returns whether there are more. Throws ApiError. */
  async older() {
    const before = this.#known.size;
    while (!this.#complete && this.#known.size === before) {
      const { messages, cursor } = await this.#page(this.#cursor);
      this.#take(messages, false);
      this.#cursor = cursor;
      this.#complete = !cursor;
    }
    this.#most = this.#known.size + KEPT;
    return !this.#complete;
  }

  /** Tells the others that the user is typing. Call it with every keystroke. */
  typing() {
    this.#beat.typing = performance.now() + AGAIN;
    if (this.#beat.told !== "typing") this.#tell();
  }

  /** Tells the others that the user is speaking, until it is called with false. @param {boolean} on */
  speaking(on) {
    this.#beat.speaking = on;
    this.#tell();
  }

  /** Marks messages as read up to this one, by default the newest. Call it as often as you like: it is sent
   * every two seconds at most, and never moves back. @param {Message} [message] */
  markRead(message = this.messages.at(-1)) {
    if (!message || message.createdAt <= this.#mark.at) return;
    this.#mark.at = message.createdAt;
    this.#mark.next = message.id;
    this.#mark.timer ??= setTimeout(() => this.#sendMark());
  }

  /** Stops listening, and tells the others that the user is gone. */
  close() {
    this.#end("closed");
  }

  // Listening: to Firestore, or to events over HTTP.

  async #start() {
    while (!this.#ends.signal.aborted) {
      try {
        if (this.#client.firebase) return await this.#listen();
        await this.#follow();
      } catch (error) {
        await this.#failed(error);
      }
    }
  }

  async #listen() {
    const { sdk, firestore } = this.#client.firebase;
    await this.#client.signIn(this.#restarts > 0);
    if (this.#ends.signal.aborted) return;
    let over = false;
    const failed = (error) => {
      if (!over) this.#restart(error); // once, though all listeners fail together
      over = true;
    };
    const listen = (what, taken, options = {}) => {
      this.#listeners.push(sdk.onSnapshot(what, options, taken, failed));
    };
    const messages = sdk.collection(firestore, "rooms", this.id, "messages");
    const last = (field, count) => sdk.query(messages, sdk.orderBy(field, "desc"), sdk.limit(count));
    // One by one: a snapshot may have to fetch what was missed.
    const queued = (take) => (found) => {
      this.#snapshots = this.#snapshots.then(() => take(found)).catch(failed);
    };
    const listenToRoom = () => {
      listen(sdk.doc(firestore, "rooms", this.id), (found) => {
        if (found.exists()) this.#roomIs(roomOf(found));
      });
    };
    this.#extend = () => {
      this.#extend = undefined;
      listen(last("updatedAt", MOST), queued((found) => this.#changes(found)));
      if (!this.#handlers.room) listenToRoom();
    };
    const metadata = { includeMetadataChanges: true }; // tells when the connection is lost
    listen(last("createdAt", this.#limit), queued((found) => this.#snapshot(found)), metadata);
    if (this.#handlers.people) {
      listen(sdk.doc(firestore, "rooms", this.id, "state", "presence"), (found) => {
        const online = Object.entries(found.data()?.online ?? {});
        this.#seen(online.map(([userId, { name, state, until }]) => {
          return { userId, name, state, said: until && timeOf(until) };
        }));
      });
    }
    if (this.#handlers.room) listenToRoom();
  }

  async #snapshot(found) {
    const { fromCache } = found.metadata;
    const messages = found.docs.map((each) => messageOf(this.id, each));
    if (fromCache && !messages.length) return; // it is not connected yet
    if (!fromCache) this.#restarts = 0;
    const last = messages.length < this.#limit ? undefined : messages.at(-1);
    const removed = found.docChanges().filter(({ type }) => type === "removed").map(({ doc }) => doc.id);
    const expired = fromCache ? [] : this.#absent(messages, last, removed);
    const known = this.messages.at(-1);
    const missed = known && last && inOrder(last, known) > 0 ? await this.#missed(known) : [];
    this.#take([...messages, ...missed], true, expired);
    this.#is(fromCache ? "connecting" : "live");
  }

  /** Takes changes of what is known, also if there were more than a listener is shown. */
  async #changes(found) {
    if (found.metadata.fromCache) return;
    const changed = found.docs.map((each) => messageOf(this.id, each));
    const gap = changed.length === MOST && this.#changed && changed.at(-1).updatedAt > this.#changed;
    const all = gap ? await this.#missed(this.messages[0]) : [];
    const again = gap ? all : changed.filter((each) => this.#known.has(each.id));
    this.#take(again, true, gap ? this.#absent(all, all.at(-1)) : []);
    this.#changed = changed[0]?.updatedAt ?? "";
  }

  /** What is known, but not among these messages, though they are all that came after `last`. What is newer
   * than they are may only be late, unless it is `removed`. */
  #absent(messages, last, removed = []) {
    const ids = new Set(messages.map(({ id }) => id));
    return this.messages.filter((each) => {
      if (ids.has(each.id) || (last && inOrder(each, last) < 0)) return false;
      return removed.includes(each.id) || !messages.length || inOrder(each, messages[0]) < 0;
    });
  }

  /** All messages from the newest to this one, and maybe some more. */
  async #missed(known) {
    const missed = [];
    for (let cursor = ""; ; ) {
      const page = await this.#page(cursor, MOST);
      missed.push(...page.messages);
      if (!page.cursor || inOrder(page.messages.at(-1), known) <= 0) return missed;
      cursor = page.cursor;
    }
  }

  async #follow() {
    if (!this.#loaded) {
      const { messages } = await this.#page();
      this.#take(messages, false);
      this.#last = messages.map((each) => each.updatedAt).sort().at(-1) ?? "1970-01-01T00:00:00Z";
    }
    const { signal } = this.#ends;
    const last = this.#last;
    const begun = performance.now();
    const opened = () => this.#is("live");
    for await (const event of events(this.#client, `${this.#path}/events`, last, signal, opened)) {
      this.#happened(JSON.parse(event.data));
      this.#last = event.id ?? this.#last;
      this.#restarts = 0;
    }
    const brief = performance.now() - begun < BRIEF;
    if (brief && this.#last === last) await pause(backoff(this.#restarts++), this.#ends.signal);
  }

  #happened({ event, message, room, userId, name }) {
    if (message) return this.#take([message]);
    if (room) return this.#roomIs(room);
    const others = [...this.#online.values()].filter((each) => each.userId !== userId);
    const state = { user_typing: "typing", user_speaking: "speaking" }[event] ?? "active";
    this.#seen(event === "user_left" ? others : [...others, { userId, name, state }]);
  }

  async #restart(error) {
    for (const stop of this.#listeners.splice(0)) stop();
    this.#unextend();
    await this.#failed(error);
    await this.#start();
  }

  #unextend() {
    clearTimeout(this.#extending);
    this.#extend = undefined;
  }

  /** Checks whether the room can still be read; returns when it is time to try again. */
  async #failed(error) {
    if (this.#ends.signal.aborted) return;
    this.#is("connecting", error);
    try {
      if (error.code === "permission-denied") await this.#page("", 1);
      else if (error instanceof ApiError) throw error;
    } catch (refused) {
      if (refused.code === "room_not_found") return this.#end("removed");
      const known = refused.code !== "unknown"; // else it may be a proxy's
      if (known && [401, 403].includes(refused.status)) return this.#end("signed-out", refused);
      error = refused;
    }
    await pause(error.retryAfter * 1000 || backoff(this.#restarts++), this.#ends.signal);
  }

  // What is known

  #roomIs(room) {
    const cleared = exact(room.clearedBefore) ?? "";
    if (cleared > this.#cleared) {
      this.#cleared = cleared;
      const expired = this.messages.filter((each) => each.createdAt <= cleared);
      if (expired.length) this.#take([], true, expired);
    }
    this.#handle("room", room);
  }

  async #page(cursor = "", limit = this.#limit) {
    const query = new URLSearchParams({ limit: String(limit), ...(cursor && { cursor }) });
    const options = { signal: this.#ends.signal, patience: PATIENCE };
    const found = await this.#client.ask("GET", `${this.#path}/messages?${query}`, undefined, options);
    return { messages: found.data.messages.map(settled), cursor: found.meta.nextCursor ?? "" };
  }

  /** Takes what is new of these messages. `shown`: not those that are older than what is shown. */
  #take(found, shown = true, expired = []) {
    const first = shown && this.#known.size >= this.#limit ? this.messages[0] : undefined;
    const changes = expired.map((message) => ({ type: "expired", message }));
    for (const each of expired) this.#known.delete(each.id);
    for (const message of found.map(settled).sort(inOrder)) {
      const before = this.#known.get(message.id);
      if (message.createdAt <= this.#cleared) continue;
      if (before ? before.updatedAt >= message.updatedAt : first && inOrder(message, first) < 0) continue;
      this.#known.set(message.id, message);
      changes.push({ type: changeOf(before, message), message });
      const writer = this.#online.get(message.userId);
      if (!before && writer?.state === "typing") this.#seen([...this.#online.values()], writer);
    }
    if (this.#known.size > this.#limit && this.#extend) {
      clearTimeout(this.#extending);
      this.#extending = setTimeout(() => this.#extend(), QUIET);
    }
    if (!changes.length && this.#loaded) return;
    this.messages = [...this.#known.values()].sort(inOrder);
    if (shown && this.#known.size > this.#most) {
      const old = this.messages.splice(0, this.#known.size - this.#most);
      for (const each of old) this.#known.delete(each.id);
      this.#cursor = "";
      this.#complete = false;
    }
    this.#handle("messages", this.messages, this.#loaded && shown ? changes : []);
    this.#loaded = true;
    this.#ask();
  }

  /** Requests translations of messages that nobody was there to read, one after another. */
  async #ask() {
    const next = this.messages.findLast((each) => this.#lacks(each));
    if (!next || this.#asking || this.#ends.signal.aborted) return;
    this.#asking = true;
    this.#asked.add(next.id);
    try {
      const body = { targetLanguage: this.#languages[0] };
      await this.#client.call("POST", `${this.#path}${pathOf(next.id)}/translations`, body);
    } catch (error) {
      if (error.retryable) {
        this.#asked.delete(next.id);
        await pause(Math.max(error.retryAfter * 1000, PATIENCE), this.#ends.signal);
      }
    }
    this.#asking = false;
    this.#ask();
  }

  #lacks({ id, text, language, targets, deletedAt, caption }) {
    const there = [language, ...targets];
    if (!text || deletedAt || caption?.final === false || this.#asked.has(id)) return false;
    return this.#languages.length > 0 && !this.#languages.some((wanted) => there.some(alike(wanted)));
  }

  /** Takes who is there. `said` stays the same until `typing` or `speaking` is repeated.
   * `done`: who has just sent what they typed. */
  #seen(online, done) {
    const now = performance.now(); // of the arrival: the clock of a phone may be wrong
    this.#online = new Map(online.map((each) => {
      const before = this.#online.get(each.userId);
      const same = before && (before === each || (each.said && each.said === before.said));
      const ends = each === done ? now : same ? before.ends : now + PASSES;
      return [each.userId, { ...each, ends }];
    }));
    this.#show();
  }

  #show() {
    const now = performance.now();
    const passing = [...this.#online.values()].filter((each) => passes(each.state) && each.ends > now);
    this.people = [...this.#online.values()].map((each) => {
      const over = passes(each.state) && !passing.includes(each);
      return { userId: each.userId, name: each.name, state: over ? "active" : each.state };
    });
    this.#handle("people", this.people);
    clearTimeout(this.#showing);
    if (!passing.length) return;
    const next = Math.min(...passing.map((each) => each.ends));
    this.#showing = setTimeout(() => this.#show(), next - now + 1);
  }

  // What is told

  #call(method, path, body) {
    return this.#client.call(method, this.#path + path, body, { patience: PATIENCE });
  }

  async #file(path) {
    const answer = await this.#client.open("GET", this.#path + path, undefined, { timeout: 0 });
    return await answer.blob();
  }

  /** Tells the others that the user is there, and again when it is time. */
  async #tell() {
    const beat = this.#beat;
    clearTimeout(beat.timer);
    const typing = beat.typing > performance.now();
    const present = globalThis.document?.visibilityState === "hidden" ? "away" : "active";
    const state = beat.speaking ? "speaking" : typing ? "typing" : present;
    beat.told = state;
    let failed = false;
    try {
      const options = { signal: this.#ends.signal, patience: AGAIN };
      const found = await this.#client.call("POST", `${this.#path}/presence`, { state }, options);
      beat.every = found.beatSeconds * 1000;
      if (!this.#client.firebase) this.#seen(found.online);
    } catch (error) {
      if (error.code === "room_not_found") return this.#end("removed");
      failed = true; // until the next one, the others may not see the user
    }
    if (this.#ends.signal.aborted || beat.told === "gone") return;
    clearTimeout(beat.timer);
    beat.timer = setTimeout(() => this.#tell(), failed || passes(state) ? AGAIN : beat.every);
  }

  #sendMark(keepalive = false) {
    const { next } = this.#mark;
    clearTimeout(this.#mark.timer);
    this.#mark.timer = next && !keepalive ? setTimeout(() => this.#sendMark(), MARKS) : undefined;
    this.#mark.next = "";
    const options = { patience: PATIENCE, keepalive };
    const body = { messageId: next };
    if (next) this.#client.call("PUT", `${this.#path}/read`, body, options).catch(() => {});
  }

  #onShow = ({ type }) => {
    if (type === "pageshow" || this.#beat.told !== "gone") this.#tell(); // it is hidden after it is left
  };

  #onHide = () => {
    clearTimeout(this.#beat.timer);
    this.#beat.told = "gone";
    this.#sendMark(true);
    const options = { keepalive: true };
    this.#client.call("POST", `${this.#path}/presence`, { state: "gone" }, options).catch(() => {});
  };

  #watch(what) {
    globalThis[what]?.("pagehide", this.#onHide);
    globalThis[what]?.("pageshow", this.#onShow);
    globalThis.document?.[what]("visibilitychange", this.#onShow);
  }

  #is(state, error) {
    if (this.#ends.signal.aborted || this.state === state) return;
    this.state = state;
    this.#handle("state", state, error);
  }

  #end(state, error) {
    if (this.#ends.signal.aborted) return;
    this.#is(state, error);
    this.#ends.abort();
    for (const stop of this.#listeners.splice(0)) stop();
    this.#watch("removeEventListener");
    this.#unextend();
    clearTimeout(this.#showing);
    clearTimeout(this.#beat.timer);
    if (state === "closed") this.#onHide();
    else clearTimeout(this.#mark.timer);
  }

  /** An error in a handler of the app is not one of the connection. */
  #handle(name, ...given) {
    if (this.#ends.signal.aborted) return;
    try {
      this.#handlers[name]?.(...given);
    } catch (error) {
      console.error(error);
    }
  }
}

// Requests

/** One tab after another, where the browser can do that. */
async function inTurn(renew) {
  const { locks } = globalThis.navigator ?? {};
  return locks ? await locks.request("troupe-session", renew) : await renew();
}

async function reach(url, init, signal) {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, { code: "unreachable", message: `The server cannot be reached: ${error.message}` });
  }
}

async function read(answer) {
  try {
    return await answer.json();
  } catch (error) {
    throw new ApiError(0, { code: "unreachable", message: `The answer is broken: ${error.message}` });
  }
}

async function refusal(answer) {
  const found = await answer.json().catch(() => ({})); // a proxy's own page is no JSON
  return new ApiError(answer.status, found.error, Number(answer.headers.get("retry-after")) || 0);
}

/** The events of one answer of the API, from the event `last` on. Ends with the answer. Throws ApiError.
 * @param {Client} client @param {string} path @param {string} last @param {AbortSignal} signal
 * @param {() => void} opened Is called when the answer begins. */
export async function* events(client, path, last, signal, opened) {
  const { eventsUrl } = client;
  const lost = new AbortController();
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => lost.abort(), SILENCE);
  };
  alive();
  try {
    const address = `${eventsUrl ?? ""}${path}${eventsUrl ? "?stream=true" : ""}`;
    const headers = { "Last-Event-ID": last };
    const options = { signal: AbortSignal.any([signal, lost.signal]), headers, timeout: 0 };
    const answer = await client.open("GET", address, undefined, options);
    if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) {
      throw new ApiError(0, { code: "unreachable", message: `This is not the API: ${answer.url}` });
    }
    opened();
    yield* eventsOf(answer, alive);
  } finally {
    clearTimeout(timer);
  }
}

/** ms before the next try. At random: those who lost one server do not come back together. */
export function backoff(tries) {
  return Math.min(500 * 2 ** tries, 30_000) * (0.5 + Math.random() / 2);
}

/** Ends early with the signal, or when the network is back. @param {AbortSignal} [signal] */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      globalThis.removeEventListener?.("online", end);
      resolve(undefined);
    };
    const timer = setTimeout(end, ms);
    if (signal?.aborted) return end();
    signal?.addEventListener("abort", end);
    globalThis.addEventListener?.("online", end);
  });
}

/** Server-sent events, as `{event, id, data}`. */
async function* eventsOf(answer, alive) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (let each; !(each = await reader.read()).done; ) {
      alive();
      const parts = (text + each.value).split("\n\n");
      text = parts.pop();
      for (const part of parts) {
        const fields = part.split("\n").map((line) => line.split(/: ?(.*)/s, 2));
        const event = Object.fromEntries(fields);
        if (event.data) yield event; // others only show that the connection is alive
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

// Documents of Firestore, as the API shows them

const FIELDS = `name guest kind clientId text language translationState targets translations caption
  audio photo speech revision createdAt updatedAt editedAt deletedAt deletedBy`.split(/\s+/);

function messageOf(roomId, document) {
  const { uid, replyTo, mentions, ...data } = plain(document.data());
  const message = { roomId, id: document.id, userId: uid, replyToId: replyTo, mentionedIds: mentions };
  for (const name of FIELDS) message[name] = data[name] ?? null;
  for (const name of ["language", "deletedBy"]) message[name] ??= "";
  for (const each of Object.values(message.translations)) delete each.reworded; // the API leaves it out
  return settled(message);
}

function roomOf(document) {
  const { ownerUid, kind, starts, nameKey, paused, ...room } = plain(document.data());
  const more = { ownerId: ownerUid, isPrivate: kind !== "public", paused: paused?.code ?? "" };
  return { ...room, id: document.id, ...more };
}

/** With times as text. */
function plain(value) {
  if (Array.isArray(value) || !(value instanceof Object)) return value;
  if ("nanoseconds" in value) return timeOf(value);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

/** With microseconds, so that times can be compared as text. */
function timeOf({ seconds, nanoseconds }) {
  const fraction = String(Math.floor(nanoseconds / 1000)).padStart(6, "0");
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** A time of the API, which leaves zeros out, as `timeOf` writes it. */
function exact(time) {
  return time?.replace(/(?:\.(\d+))?Z$/, (_, fraction = "") => `.${fraction.padEnd(6, "0")}Z`);
}

/** The same for messages of documents and of the API. Links are left out: they end after an hour, and
 * documents have none. @param {any} message @returns {Message} */
function settled({ audioUrl, photoUrl, speech, ...message }) {
  for (const name of ["createdAt", "updatedAt", "editedAt", "deletedAt"]) {
    message[name] = exact(message[name]) ?? null;
  }
  for (const name of ["audio", "photo"]) {
    const { path, reserved, ...file } = message[name] ?? {};
    if (message[name]) message[name] = file;
  }
  const spoken = Object.entries(speech ?? {}).map(([key, { state, voice, seconds, error }]) => {
    return [key, { state, voice, seconds, error: error ?? "" }];
  });
  return { ...message, speech: Object.fromEntries(spoken) };
}

function inOrder(one, other) {
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? -1 : 1;
  return one.id < other.id ? -1 : Number(one.id > other.id);
}

function changeOf(before, message) {
  if (!before) return "new";
  if (message.deletedAt) return "deleted";
  if (message.editedAt !== before.editedAt) return "edited";
  const heard = ({ revision, caption, audio }) => [revision, caption?.final, audio?.transcript].join();
  if (heard(before) !== heard(message)) return "transcribed";
  const texts = (each) => Object.entries(each.translations).map(([code, { text }]) => [code, text]);
  const translated = (each) => JSON.stringify([each.translationState, texts(each).sort()]);
  if (translated(before) !== translated(message)) return "translated";
  const states = (each) => Object.entries(each.speech).map(([key, { state }]) => [key, state]);
  const spoken = (each) => JSON.stringify(states(each).sort());
  return spoken(before) === spoken(message) ? "updated" : "spoken";
}

function passes(state) {
  return state === "typing" || state === "speaking";
}

function formOf(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.append(name, value);
  return form;
}

function pathOf(messageId) {
  return `/messages/${encodeURIComponent(messageId)}`;
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
}
