// A client of calls, for browsers; docs/clients.md shows how it is used. Participants send each other sound and
// pictures directly, or through a TURN server; what they need to connect goes through the API.

import { recordCaptions } from "./captions.mjs";
import { ApiError, Client, PATIENCE, backoff, events, newId, pause } from "./live.mjs";
import { Peer } from "./peer.mjs";
import { Recorder } from "./recorder.mjs";

/**
 * @typedef {"joining" | "waiting" | "in" | "removed" | "ended" | "signed-out" | "closed"} State The last four are
 *   final. `waiting`: in the lobby, until a host lets the user in.
 * @typedef {{id: string, userId: string, name: string, guest: boolean, role: string, order: number,
 *   media: {audio: boolean, video: boolean, screen: boolean}, muted: boolean,
 *   connection: RTCPeerConnectionState}} Person
 * @typedef {object} Handlers
 * @property {(people: Person[]) => void} [people] The others who are in the call.
 * @property {(participantId: string, media: {stream: MediaStream, screen: MediaStream}) => void} [media] Is called
 *   when a participant comes: what they send arrives in these streams.
 * @property {(own: {stream: MediaStream, screen: MediaStream}) => void} [own] What the user sends has changed.
 * @property {(state: State, error?: any) => void} [state]
 * @property {(recording: Recording | null) => void} [recording] Somebody wants to record the call, the recording
 *   has changed, or has ended. Ask the user to agree if they are among `waitingFor`, and show that it goes on.
 * @property {(at: Date | null) => void} [ends] The call ends then, because its company cannot pay for more; null: it
 *   goes on.
 * @property {(room: any) => void} [room] The room of the call, as `client.room` returns it, is open.
 * @property {import("./live.mjs").Handlers} [chat] Handlers of that room: messages and captions.
 * @typedef {{id: string, userId: string, name: string, source: "parts" | "egress", state: "requested" | "starting" | "recording",
 *   consented: string[], waitingFor: string[], startedAt: string}} Recording
 * @typedef {{audio?: boolean | string, video?: boolean | string}} Devices `true`: any device; text: the id of one.
 * @typedef {object} LiveKit A module of the app that connects with LiveKit's SDK; docs/clients.md has one.
 * @property {(access: {url: string, token: string}, tell: {receive: (participantId: string, slot: string,
 *   track: MediaStreamTrack | null) => void, lost: () => void}) => Promise<Link>} connect Tells what arrives, and
 *   that nothing goes on any more. `slot`: `audio`, `video` or `screen`.
 * @typedef {{send: (slot: string, track: MediaStreamTrack | null) => any, mute: (muted: boolean) => any,
 *   close: () => any}} Link
 * @typedef {Devices & {code?: string, invitation?: string, language?: string, relay?: boolean,
 *   livekit?: LiveKit}} Options
 *   `invitation`: the token of a link; `video`: as the call by default; `relay`: only through the TURN server,
 *   which hides the addresses of the participants from each other; `livekit`: for calls by LiveKit.
 * @typedef {{id: string, from: string, to: string, type: string, payload: any}} Signal
 */

const TOGETHER = 150; // ms in which changes are told together
const AGAIN = 10_000; // ms after which a request that failed is sent again
const MOST = 32; // signals in a request
const KNOCKS = 6_000; // ms between two looks whether a host has let the user in
const FIRST = 30_000; // ms until the quality is first reported
const REPORTS = 300_000; // ms between two reports
const RENEWED = 0.8; // of the lifetime of credentials
const SLOTS = ["audio", "video", "screen"]; // in the order of the tracks of a connection
const LISTENED = 100; // signals that a listener is shown

/** Enters a call as a user. Returns at once; `handlers.state` says what becomes of it.
 * @param {Client} client @param {string} callId @param {Handlers} handlers @param {Options} options */
export function enterCall(client, callId, handlers = {}, options = {}) {
  return new Call(client, callId, handlers, options);
}

/** Enters a call without an account. Throws ApiError.
 * @param {{baseUrl?: string, firebase?: import("./live.mjs").Firebase, eventsUrl?: string}} where As of a client.
 * @param {string} callId @param {{name: string, code: string, invitation?: string, language?: string}} guest
 * @param {Handlers} handlers @param {Options} options */
export async function enterAsGuest(where, callId, guest, handlers = {}, options = {}) {
  const nobody = new Client({ ...where, session: { accessToken: "" } });
  const path = `/api/calls/${encodeURIComponent(callId)}/guest`;
  const answer = await nobody.call("POST", path, guest);
  const client = new Client({ ...where, session: { accessToken: answer.callToken } });
  return new Call(client, callId, handlers, { ...guest, ...options }, answer);
}

class Call {
  #path;
  #handlers;
  #options;
  #peers = new Map(); // connections by participant id
  #server = false; // whether everything goes through LiveKit instead
  /** @type {Link | undefined} */
  #link;
  #arrivals = new Map(); // what comes through LiveKit, by participant id
  #people = []; // as the API shows them
  #seen = new Set(); // ids of signals
  #outbox = [];
  #flushing = false;
  #ends = new AbortController();
  #left = new AbortController(); // of the present participant, who is another one after each start
  #listeners = [];
  #timers = {};
  #ice = [];
  #renewAt = 0;
  #own = [null, null, null]; // tracks, by slot
  #muted = false; // by a host
  #endsAt = null; // as the API says it
  #captions;
  #recorder; // of the recording that this tab makes
  #recorded = ""; // its id
  #beats = { sent: 0, taken: 0 };
  /** Of the call, that is made now. @type {Recording | null} */
  recording = null;
  userId = "";
  /** @type {State} */
  state = "joining";
  /** What calls the API as the user, also after the call. @type {Client} */
  client;
  participantId = "";
  order = 0;
  /** The room of the call, once the user is in. @type {any} */
  room;
  stream = new MediaStream();
  screen = new MediaStream();

  constructor(client, id, handlers, options, answer) {
    this.id = id;
    this.client = client;
    this.#path = `/api/calls/${encodeURIComponent(id)}`;
    this.#handlers = handlers;
    this.#options = options;
    this.#watch("addEventListener");
    this.#start(answer);
  }

  // What an app calls

  /** Switches devices on, to others, or off. Throws what `getUserMedia` throws. @param {Devices} devices */
  async use({ audio, video }) {
    const wanted = Object.entries({ audio, video }).filter(([, device]) => device !== undefined);
    const of = (device) => (device === true ? true : { deviceId: { exact: device } });
    const on = wanted.filter(([, device]) => device).map(([kind, device]) => [kind, of(device)]);
    const found = on.length ? await navigator.mediaDevices.getUserMedia(Object.fromEntries(on)) : new MediaStream();
    for (const [kind] of wanted) {
      const track = found.getTracks().find((each) => each.kind === kind) ?? null;
      await this.#send(SLOTS.indexOf(kind), track);
    }
  }

  /** The devices that can be used, with their names once the user has allowed one. */
  async devices() {
    return (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind !== "audiooutput");
  }

  /** Is silent, or not any more; the microphone stays on. @param {boolean} muted */
  mute(muted) {
    if (this.#own[0]) this.#own[0].enabled = !muted;
    this.#link?.mute(muted); // LiveKit mutes by itself when a host asks for it
    this.#changed();
  }

  /** Shows the screen, or a window that the user chooses, until it is called with false.
   * @param {boolean} on */
  async share(on) {
    const found = on ? await navigator.mediaDevices.getDisplayMedia({ video: true }) : undefined;
    const track = found?.getVideoTracks()[0] ?? null;
    track?.addEventListener("ended", () => this.#own[2] === track && this.#send(2, null));
    await this.#send(2, track);
  }

  /** Shows the others, in their languages, what the microphone hears, until it is called with false.
   * `call.room.caption` shows them what the app itself has recognised.
   * @param {boolean} on @param {string} [language] */
  captions(on, language) {
    this.#captions?.stop();
    const [track] = this.#own;
    if (!on || !track || !this.room) return (this.#captions = undefined);
    const stream = newId();
    let seq = 0;
    const stop = recordCaptions(track, (audio, startMs) => {
      const options = { stream, seq: seq++, startMs, language };
      this.room.caption(audio, options).catch((error) => {
        console.warn(error);
        if (error.code === "captions_off") this.captions(false);
      });
    });
    this.#captions = { stop, language };
  }

  /** Starts to record the call, or ends it: for hosts. It begins when everybody in the call has agreed. Throws
   * ApiError. @param {boolean} on */
  async record(on) {
    if (!on && this.#recorder) return await this.#finish();
    const body = on ? { action: "start" } : { action: "stop", recordingId: this.recording?.id };
    const { recording } = await this.#call("POST", "/recording", body);
    if (on && recording.source === "parts") this.#recorded = recording.id; // otherwise, LiveKit records
    await this.#beat();
  }

  /** Agrees to a recording of the call, or refuses it, which ends it: at any time. Throws ApiError, also if another
   * one is being made by now. @param {boolean} agrees @param {string} recordingId The one that the user was asked for. */
  async consent(agrees, recordingId) {
    await this.#call("POST", "/recording", { action: agrees ? "consent" : "decline", recordingId });
    await this.#beat();
  }

  /** Leaves the call. */
  close() {
    this.#end("closed");
  }

  // Coming in

  async #start(answer) {
    this.#left.abort();
    this.#left = new AbortController();
    const { signal } = this.#left;
    await pause(0, signal); // first, the app gets what it is called back for
    const { code, invitation, language } = this.#options;
    let key = newId(); // a repeat with the same key is the same participant
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        const options = { signal, headers: { "Idempotency-Key": key } };
        const body = { code, invitation, language, media: this.#media() };
        answer ??= await this.#call("POST", "/join", body, options);
        this.participantId = answer.participant.id;
        this.userId = answer.participant.userId;
        if (!this.#own.some(Boolean)) await this.#open(answer.media !== "audio");
        const waits = answer.state === "waiting" && !signal.aborted;
        return await this.#begin(waits ? await this.#admitted(answer, signal) : answer, signal);
      } catch (error) {
        if (signal.aborted) return;
        answer = undefined;
        if (error.code === "not_open_yet") {
          this.#is("waiting"); // for the host
          await pause(KNOCKS, signal);
          continue;
        }
        if (error.code === "not_in_call") key = newId(); // was not heard of in the lobby
        else if (this.#refused(error)) return;
        await pause(error.retryAfter * 1000 || backoff(tries), signal);
      }
    }
  }

  /** Without a camera, or with none at all, one can still listen. */
  async #open(pictures) {
    const { audio = true, video = pictures } = this.#options;
    try {
      await this.use({ audio, video }).catch(() => this.use({ audio }));
    } catch (error) {
      console.warn(error);
    }
  }

  /** What joining would have answered, once a host has let the user in. */
  async #admitted({ participant }, signal) {
    this.#is("waiting");
    for (;;) {
      await pause(KNOCKS, signal);
      signal.throwIfAborted();
      const { participants } = await this.#call("POST", "/beat", { participantId: participant.id }, { signal });
      const present = participants.filter(({ state }) => state === "in");
      const admitted = present.find(({ id }) => id === participant.id);
      if (!admitted) continue;
      const access = await this.#call("GET", `/ice?participantId=${participant.id}`, undefined, { signal });
      const peers = present.filter((each) => each !== admitted).map((each) => ({ ...each, participantId: each.id }));
      return { participant: admitted, peers, ...access };
    }
  }

  async #begin({ participant, peers, iceServers, livekit }, signal) {
    if (signal.aborted) return this.#leave(participant.id);
    if (livekit && !this.#options.livekit) {
      return this.#end("closed", new Error("This call is held by LiveKit, which this app does not support."));
    }
    this.#server = Boolean(livekit);
    this.order = participant.order;
    this.#servers(iceServers, lifetime(iceServers, participant.joinedAt));
    this.#is("in");
    if (!this.room) {
      const { language } = this.#options;
      this.room = this.client.room(this.id, this.#handlers.chat, { languages: language ? [language] : [] });
      this.#handle("room", this.room);
    }
    const earlier = peers.filter(({ order }) => order < participant.order);
    if (livekit) this.#connect(livekit, signal);
    else for (const peer of earlier) this.#peer({ ...peer, id: peer.participantId }).offer();
    this.#listen(participant);
    this.#beat();
    this.#timers.report = setTimeout(() => this.#report(), FIRST);
  }

  /** The connection to somebody; the first time, it is made. @param {any} person */
  #peer(person) {
    let peer = this.#peers.get(person.id);
    if (peer) return peer;
    peer = new Peer(this.order > person.order, this.#configuration(), this.#own, {
      send: (type, payload) => this.#signal(person.id, type, payload),
      changed: () => this.#show(),
      renew: () => this.#renew(true),
    });
    this.#peers.set(person.id, peer);
    this.#handle("media", person.id, { stream: peer.stream, screen: peer.screen });
    return peer;
  }

  /** Connects to LiveKit, and again when that ends, until the user leaves. */
  async #connect(access, signal) {
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        access ??= (await this.#call("GET", `/ice?participantId=${this.participantId}`)).livekit;
        let lost;
        const ends = new Promise((resolve) => (lost = resolve));
        const receive = (...given) => signal.aborted || this.#receive(...given);
        const link = await this.#options.livekit.connect(access, { receive, lost });
        if (signal.aborted) return link.close();
        this.#link = link;
        this.#beat();
        for (const [slot, track] of this.#own.entries()) if (track) await link.send(SLOTS[slot], track);
        await ends;
        tries = 0;
      } catch (error) {
        if (signal.aborted || this.#refused(error)) return;
        console.warn(error);
      }
      if (signal.aborted) return;
      this.#unlink();
      this.#show();
      access = undefined;
      await pause(backoff(tries), signal);
    }
  }

  #unlink() {
    this.#link?.close();
    this.#link = undefined;
    for (const each of this.#arrivals.values()) {
      for (const stream of [each.stream, each.screen]) for (const old of stream.getTracks()) stream.removeTrack(old);
    }
  }

  /** What comes from somebody through LiveKit; the first time, the app is told. */
  #arrival(participantId) {
    let found = this.#arrivals.get(participantId);
    if (found) return found;
    found = { stream: new MediaStream(), screen: new MediaStream() };
    this.#arrivals.set(participantId, found);
    this.#handle("media", participantId, found);
    return found;
  }

  #receive(participantId, slot, track) {
    const { stream, screen } = this.#arrival(participantId);
    put(slot === "screen" ? screen : stream, slot, track);
    this.#show();
  }

  // Signals

  #signal(to, type, payload) {
    this.#outbox.push({ id: newId(), to, type, payload });
    this.#flush();
  }

  /** Sends what waits, one request after another, so that signals arrive in their order. */
  async #flush() {
    if (this.#flushing) return;
    this.#flushing = true;
    const { signal } = this.#left;
    await Promise.resolve(); // together with what is signalled in the same moment
    while (this.#outbox.length && !signal.aborted) {
      const signals = this.#outbox.slice(0, MOST);
      try {
        const { gone } = await this.#call("POST", "/signal", { from: this.participantId, signals });
        for (const id of gone) this.#drop(id);
      } catch (error) {
        if (signal.aborted || this.#refused(error)) break;
        console.warn(error);
      }
      this.#outbox = this.#outbox.filter((each) => !signals.includes(each));
    }
    this.#flushing = false;
    if (this.#outbox.length && !this.#left.signal.aborted) this.#flush();
  }

  /** @param {Signal} signal */
  #take({ id, from, to, type, payload }) {
    if (to !== this.participantId || this.#seen.has(id) || this.#server) return;
    this.#seen.add(id);
    if (type === "bye") return this.#drop(from);
    const person = this.#people.find((each) => each.id === from);
    // Whoever offers without being known has come a moment ago, after the user.
    const peer = this.#peers.get(from) ?? (type === "offer" && this.#peer(person ?? { id: from, order: Infinity }));
    if (peer) peer.take(type, payload);
  }

  #drop(participantId) {
    this.#peers.get(participantId)?.close();
    this.#peers.delete(participantId);
    this.#arrivals.delete(participantId);
    this.#outbox = this.#outbox.filter(({ to }) => to !== participantId);
    this.#show();
  }

  // Listening: to Firestore, or to events over HTTP.

  async #listen(participant, again = false) {
    const { signal } = this.#left;
    for (let tries = 0, last = participant.joinedAt; !signal.aborted; tries++) {
      try {
        if (this.client.firebase) return await this.#snapshots(participant, again || tries > 0);
        for await (const event of events(this.client, `${this.#path}/events`, last, signal, () => (tries = 0))) {
          this.#happened(JSON.parse(event.data));
          last = event.id ?? last;
        }
        tries = 0;
      } catch (error) {
        if (signal.aborted || this.#refused(error)) return;
        await pause(error.retryAfter * 1000 || backoff(tries), signal);
      }
    }
  }

  async #snapshots(participant, again) {
    const { sdk, firestore } = this.client.firebase;
    const { signal } = this.#left;
    await this.client.signIn(again);
    if (signal.aborted) return;
    let over = false;
    const failed = async () => {
      if (over || signal.aborted) return; // once, though all listeners fail together
      over = true;
      this.#deafen();
      this.#beat(); // says whether the user is still in the call
      await pause(backoff(1), signal);
      if (!signal.aborted) this.#listen(participant, true);
    };
    const listen = (what, take) => this.#listeners.push(sdk.onSnapshot(what, take, failed));
    const collection = (name) => sdk.collection(firestore, "calls", this.id, name);
    const mine = sdk.where("toUid", "==", participant.userId);
    listen(sdk.query(collection("signals"), mine, sdk.orderBy("at", "desc"), sdk.limit(LISTENED)), (found) => {
      const added = found.docChanges().filter(({ type }) => type === "added").map(({ doc }) => doc);
      const signals = added.map((doc) => ({ id: doc.id, ...doc.data() })).sort(inOrder);
      for (const each of signals) this.#take({ ...each, payload: JSON.parse(each.payload) });
    });
    const present = sdk.where("state", "==", "in");
    listen(sdk.query(collection("participants"), present, sdk.limit(50)), (found) => {
      if (found.metadata.fromCache && found.empty) return; // it is not connected yet
      this.#meet(found.docs.map((doc) => ({ ...doc.data(), id: doc.id, userId: doc.data().uid })));
    });
    listen(sdk.doc(firestore, "calls", this.id, "state", "recording"), (found) => {
      if (!found.exists()) this.#recorder?.hold(true); // somebody may have declined
      if (found.exists() || this.recording) this.#beat(); // says how it is
    });
  }

  #deafen() {
    for (const stop of this.#listeners.splice(0)) stop();
  }

  #happened({ event, signal, participant, participantId, call }) {
    if (signal) return this.#take(signal);
    if (call) return this.#beat();
    const others = this.#people.filter(({ id }) => id !== participantId);
    this.#meet(event === "participant_left" || participant.state !== "in" ? others : [...others, participant]);
  }

  /** Takes who is in the call now. */
  #meet(people) {
    const ids = new Set(people.map(({ id }) => id));
    const gone = this.#people.filter(({ id }) => !ids.has(id));
    this.#people = people;
    for (const { id } of gone) this.#drop(id);
    if (gone.some(({ id }) => id === this.participantId)) this.#beat(); // says why
    if (this.#server) for (const { id } of people) if (id !== this.participantId) this.#arrival(id);
    const muted = people.some(({ id, muted }) => id === this.participantId && muted);
    if (muted && !this.#muted) this.mute(true); // by a host; the user may speak again
    this.#muted = muted;
    this.#show();
  }

  // What is told

  /** Says that the user is there, and again when it is time. */
  async #beat() {
    clearTimeout(this.#timers.beat);
    const { signal } = this.#left;
    const participantId = this.participantId;
    let wait = AGAIN;
    try {
      const states = [...this.#peers.values()].map((each) => each.connection.connectionState);
      if (this.#link) states.push("connected");
      const connection = ["connected", "failed", "disconnected"].find((each) => states.includes(each)) ?? "connecting";
      const body = { participantId, media: this.#media(), connection };
      const number = ++this.#beats.sent;
      const found = await this.#call("POST", "/beat", body, { patience: 0 });
      wait = found.beatSeconds * 1000;
      if (number > this.#beats.taken) this.#record(found.recording);
      this.#beats.taken = Math.max(number, this.#beats.taken);
      if (found.endsAt !== this.#endsAt) {
        this.#endsAt = found.endsAt;
        this.#handle("ends", found.endsAt && new Date(found.endsAt));
      }
    } catch (error) {
      if (signal.aborted || this.#refused(error)) return;
    }
    if (signal.aborted) return;
    clearTimeout(this.#timers.beat);
    this.#timers.beat = setTimeout(() => this.#beat(), wait);
  }

  #media() {
    const [audio, video, screen] = this.#own;
    return { audio: Boolean(audio?.enabled), video: Boolean(video), screen: Boolean(screen) };
  }

  async #send(slot, track) {
    if (this.#ends.signal.aborted) return track?.stop(); // the user has left while the browser asked
    this.#own[slot]?.stop();
    this.#own[slot] = track;
    put(slot === 2 ? this.screen : this.stream, SLOTS[slot], track);
    await Promise.all([...this.#peers.values()].map((each) => each.send(slot, track)));
    await this.#link?.send(SLOTS[slot], track);
    if (slot === 0 && this.#captions) this.captions(true, this.#captions.language);
    this.#changed();
  }

  #changed() {
    this.#handle("own", { stream: this.stream, screen: this.screen });
    clearTimeout(this.#timers.changed); // many changes are one beat
    if (this.state === "in") this.#timers.changed = setTimeout(() => this.#beat(), TOGETHER);
  }

  // Recording

  /** Takes how the recording of the call is now. @param {Recording | null} recording */
  #record(recording) {
    const changed = JSON.stringify(recording) !== JSON.stringify(this.recording);
    this.recording = recording;
    const mine = Boolean(recording) && recording?.id === this.#recorded;
    const paused = !mine || recording?.state === "requested" || Boolean(recording?.waitingFor.length);
    if (this.#recorder && !mine) this.#finish();
    else if (this.#recorder) this.#recorder.hold(paused);
    else if (!paused) this.#recorder = this.#begun();
    if (changed) this.#handle("recording", recording);
  }

  #begun() {
    const id = this.#recorded;
    const send = (seq, part) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ recordingId: id, seq, part })) form.append(name, value);
      return this.client.call("POST", `${this.#path}/recording/parts`, form, { timeout: AGAIN * 3 });
    };
    const sources = () => {
      const own = { id: this.participantId, stream: this.stream, screen: this.screen };
      const agreed = this.#people.filter(({ userId }) => this.recording?.consented.includes(userId));
      const peers = agreed.map(({ id }) => ({ id, ...pick(this.#peers.get(id) ?? this.#arrivals.get(id)) })).filter(({ stream }) => stream);
      return [own, ...peers];
    };
    return new Recorder(sources, send, (error) => {
      console.warn(error);
      this.#finish();
    });
  }

  /** Sends the rest of what this tab has recorded, also after the call, and has the film made. */
  async #finish() {
    const [recorder, recordingId] = [this.#recorder, this.#recorded];
    if (!recorder) return;
    this.#recorder = undefined;
    this.#recorded = "";
    await recorder.stop();
    await this.client
      .call("POST", `${this.#path}/recording`, { action: "stop", recordingId }, { patience: PATIENCE })
      .catch((error) => console.warn(error));
    if (!this.#left.signal.aborted) await this.#beat();
  }

  /** One report for all connections. */
  async #report() {
    const { signal } = this.#left;
    const measured = (await Promise.all([...this.#peers.values()].map((each) => each.measured()))).find(Boolean);
    const body = { participantId: this.participantId, ...measured };
    if (measured) await this.#call("PUT", "/quality", body, { patience: 0 }).catch(() => {});
    if (!signal.aborted) this.#timers.report = setTimeout(() => this.#report(), REPORTS);
  }

  // Servers

  #configuration() {
    const iceTransportPolicy = this.#options.relay ? "relay" : "all";
    return { iceServers: this.#ice, iceTransportPolicy, bundlePolicy: "max-bundle" };
  }

  #servers(iceServers, seconds) {
    this.#ice = iceServers;
    clearTimeout(this.#timers.ice);
    if (!seconds) return;
    this.#renewAt = performance.now() + seconds * 1000 * RENEWED;
    this.#timers.ice = setTimeout(() => this.#renew(), seconds * 1000 * RENEWED);
  }

  /** New credentials for all connections. `due`: only if the old ones end soon. */
  async #renew(due = false) {
    if (!this.#renewAt || (due && performance.now() < this.#renewAt)) return;
    const { signal } = this.#left;
    try {
      const found = await this.#call("GET", `/ice?participantId=${this.participantId}`);
      this.#servers(found.iceServers, found.ttlSeconds);
      for (const each of this.#peers.values()) each.configure(this.#configuration());
    } catch (error) {
      if (!signal.aborted) this.#timers.ice = setTimeout(() => this.#renew(), AGAIN);
    }
  }

  // The end

  #refused(error) {
    if (this.#ends.signal.aborted) return true;
    if (!(error instanceof ApiError)) return false;
    if (error.code === "not_in_call") {
      if (this.state === "in") this.#again(); // was not heard of for too long
      return true;
    }
    const final = { removed: "removed", call_ended: "ended", call_not_found: "removed" }[error.code];
    if (final) this.#end(final, error);
    else if (error.status === 401) this.#end("signed-out", error);
    else if (!error.retryable && this.state === "joining") this.#end("closed", error);
    return this.#ends.signal.aborted;
  }

  /** Comes in again, as another participant. */
  #again() {
    this.#quit();
    this.#is("joining");
    this.#start();
  }

  #quit() {
    this.#finish();
    this.recording = null;
    this.#left.abort();
    this.#deafen();
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    for (const each of this.#peers.values()) each.close();
    this.#peers.clear();
    this.#unlink();
    this.#arrivals.clear();
    this.#people = [];
    this.#outbox = [];
  }

  #leave(participantId = this.participantId) {
    const options = { keepalive: true };
    if (!participantId) return;
    this.client.call("POST", `${this.#path}/leave`, { participantId }, options).catch(() => {});
  }

  #onHide = () => {
    this.#leave();
    this.#quit();
  };

  #onShow = ({ persisted }) => {
    if (persisted) this.#again(); // it comes back from the browser's cache
  };

  #onNetwork = () => {
    for (const each of this.#peers.values()) each.repair();
  };

  #watch(what) {
    globalThis[what]("pagehide", this.#onHide);
    globalThis[what]("pageshow", this.#onShow);
    globalThis[what]("online", this.#onNetwork);
    /** @type {any} */ (globalThis.navigator).connection?.[what]?.("change", this.#onNetwork);
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
    this.#watch("removeEventListener");
    if (state === "closed") this.#leave();
    this.captions(false);
    this.#quit();
    for (const track of this.#own) track?.stop();
    this.room?.close();
  }

  #show() {
    const others = this.#people.filter(({ id }) => id !== this.participantId);
    const arrives = (id) => (this.#link && this.#arrivals.has(id) ? "connected" : "new");
    const connection = (id) => this.#peers.get(id)?.connection.connectionState ?? arrives(id);
    this.#handle("people", others.map((each) => ({ ...each, connection: connection(each.id) })));
  }

  #call(method, path, body, options = {}) {
    const more = { patience: PATIENCE, signal: this.#left.signal, ...options };
    return this.client.call(method, this.#path + path, body, more);
  }

  /** An error in a handler of the app is not one of the call. */
  #handle(name, ...given) {
    if (this.#ends.signal.aborted) return;
    try {
      this.#handlers[name]?.(...given);
    } catch (error) {
      console.error(error);
    }
  }
}

/** Lets a stream have this track, or none, of its slot. */
function put(stream, slot, track) {
  for (const each of stream.getTracks()) if (slot === "screen" || each.kind === slot) stream.removeTrack(each);
  if (track) stream.addTrack(track);
}

/** Seconds for which credentials last; 0 without some. Both times are the server's: the user's clock may be wrong. */
function lifetime(iceServers, at) {
  const name = iceServers.map(({ username }) => username).find(Boolean);
  return name ? parseInt(name, 10) - Date.parse(at) / 1000 : 0;
}

/** @param {{stream: MediaStream, screen: MediaStream} | undefined} peer */
function pick(peer) {
  return { stream: peer?.stream, screen: peer?.screen };
}

/** Signals as Firestore has them. */
function inOrder(one, other) {
  const [at, then] = [one.at, other.at].map(({ seconds, nanoseconds }) => seconds * 1000 + nanoseconds / 1e6);
  return at - then || one.seq - other.seq;
}
