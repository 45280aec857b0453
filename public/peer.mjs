// The connection to one participant of a call, for call.mjs.
//
// Of two participants, the one who came later makes all offers, and the other one asks for an offer with `restart`:
// so two offers never cross. Each connection has three tracks from the beginning, for a microphone, a camera and a
// screen. What is switched on or off later replaces what a track sends, which needs no new offer.

const TOGETHER = 150; // ms for which candidates are collected
const PATIENT = 3_000; // ms after which a connection that was lost is repaired
const AGAIN = 10_000; // ms after which it is tried again

/** The connection to one participant. `offers`: whether this side makes the offers. Each has a number, and its
 * answer and its candidates have the same one: what is late is recognised. */
export class Peer {
  #tell;
  #own;
  #round = 0;
  #applied = 0; // the offer whose description the other side has sent
  #early = []; // candidates that came before it
  #found = []; // candidates of this side that were not sent yet
  #sending;
  #repairing;
  #offered = 0; // when
  #work = Promise.resolve();
  #configuration;
  #closed = false;
  stream = new MediaStream();
  screen = new MediaStream();
  /** @type {RTCPeerConnection} */
  connection;

  /** `own`: the tracks to send; `tell`: `send` sends a signal, `changed` hears of the state, and `renew` gets new
   * credentials if the old ones end soon. */
  constructor(offers, configuration, own, tell) {
    this.offers = offers;
    this.#configuration = configuration;
    this.#own = own;
    this.#tell = tell;
    this.#connect();
  }

  #connect() {
    for (const stream of [this.stream, this.screen]) for (const old of stream.getTracks()) stream.removeTrack(old);
    const connection = new RTCPeerConnection(this.#configuration);
    this.connection = connection;
    const current = (act) => (event) => connection === this.connection && act(event);
    connection.onicecandidate = current(({ candidate }) => this.#collect(candidate));
    connection.onconnectionstatechange = current(() => this.#changed());
    connection.ontrack = current(({ track, transceiver }) => {
      const slot = connection.getTransceivers().indexOf(transceiver);
      (slot === 2 ? this.screen : this.stream).addTrack(track);
    });
    if (this.offers) {
      for (const [slot, kind] of ["audio", "video", "video"].entries()) {
        connection.addTransceiver(this.#own[slot] ?? kind, { direction: "sendrecv" });
      }
    }
  }

  /** Replaces what is sent in one of the three tracks. */
  async send(slot, track) {
    await this.connection.getTransceivers()[slot]?.sender.replaceTrack(track);
  }

  configure(configuration) {
    this.#configuration = configuration;
    this.connection.setConfiguration(configuration);
  }

  /** Makes an offer, also in place of one that was not answered. @param {boolean} [iceRestart] */
  offer(iceRestart = false) {
    this.#again(); // the offer or its answer may be lost
    this.#queue(async () => {
      this.#round++;
      this.#offered = performance.now();
      await this.connection.setLocalDescription(await this.connection.createOffer({ iceRestart }));
      this.#tell.send("offer", { round: this.#round, sdp: this.connection.localDescription?.sdp });
    });
  }

  /** Looks for a new way to the other side. */
  repair() {
    if (this.#closed) return;
    this.#again();
    if (!this.offers) return this.#tell.send("restart", { round: this.#round });
    this.#queue(() => this.#tell.renew());
    this.offer(true);
  }

  /** Repairs the connection after a while, unless something happens to it. */
  #again() {
    clearTimeout(this.#repairing);
    const connected = () => this.connection.connectionState === "connected";
    this.#repairing = setTimeout(() => connected() || this.repair(), AGAIN);
  }

  /** Takes a signal, after those that came before it. */
  take(type, payload) {
    this.#queue(async () => {
      const { round, sdp, candidates } = payload;
      if (type === "offer" && !this.offers && round > this.#applied) await this.#answer(round, sdp);
      if (type === "answer" && this.offers && round === this.#round && round > this.#applied) {
        await this.connection.setRemoteDescription({ type, sdp });
        await this.#apply(round);
      }
      if (type === "candidates" && round > this.#applied) this.#early.push(payload);
      if (type === "candidates" && round === this.#applied) await this.#add(candidates);
      // Both sides notice a lost connection at about the same time: one offer is enough.
      const offering = this.#round > this.#applied && performance.now() - this.#offered < AGAIN / 2;
      if (type === "restart" && this.offers && !offering) this.repair();
    });
  }

  async #answer(round, sdp) {
    try {
      await this.connection.setRemoteDescription({ type: "offer", sdp });
    } catch {
      // The other side has made a new connection, not a new way for this one.
      this.connection.close();
      this.#connect();
      await this.connection.setRemoteDescription({ type: "offer", sdp });
    }
    this.#round = round;
    for (const [slot, transceiver] of this.connection.getTransceivers().entries()) {
      transceiver.direction = "sendrecv";
      await transceiver.sender.replaceTrack(this.#own[slot] ?? null);
    }
    await this.connection.setLocalDescription();
    this.#tell.send("answer", { round, sdp: this.connection.localDescription?.sdp });
    await this.#apply(round);
  }

  async #apply(round) {
    this.#applied = round;
    const early = this.#early.filter((each) => each.round === round);
    this.#early = this.#early.filter((each) => each.round > round);
    for (const { candidates } of early) await this.#add(candidates);
  }

  async #add(candidates) {
    for (const each of candidates) {
      await this.connection.addIceCandidate(each).catch((error) => console.warn(error));
    }
  }

  #collect(candidate) {
    if (candidate) this.#found.push(candidate.toJSON());
    clearTimeout(candidate ? undefined : this.#sending);
    if (candidate) this.#sending ??= setTimeout(() => this.#share(), TOGETHER);
    else this.#share();
  }

  #share() {
    clearTimeout(this.#sending);
    this.#sending = undefined;
    if (!this.#found.length || this.#closed) return;
    this.#tell.send("candidates", { round: this.#round, candidates: this.#found.splice(0) });
  }

  #changed() {
    const { connectionState } = this.connection;
    clearTimeout(this.#repairing);
    if (connectionState === "failed") this.repair();
    if (connectionState === "disconnected") this.#repairing = setTimeout(() => this.repair(), PATIENT);
    this.#tell.changed();
  }

  /** What the present way to the other side is like. */
  async measured() {
    const stats = [...(await this.connection.getStats()).values()];
    const of = (type, met = (each) => true) => stats.find((each) => each.type === type && met(each)) ?? {};
    const pair = of("candidate-pair", (each) => each.nominated && each.state === "succeeded");
    const sound = of("inbound-rtp", (each) => each.kind === "audio");
    const picture = of("inbound-rtp", (each) => each.kind === "video" && each.framesDecoded);
    if (pair.currentRoundTripTime === undefined) return undefined;
    const all = (sound.packetsReceived ?? 0) + (sound.packetsLost ?? 0);
    const local = of("local-candidate", (each) => each.id === pair.localCandidateId);
    const measured = {
      rttMs: pair.currentRoundTripTime * 1000,
      jitterMs: (sound.jitter ?? 0) * 1000,
      lossPercent: all ? Math.max(0, (100 * sound.packetsLost) / all) : 0,
      bitrateKbps: pair.availableOutgoingBitrate && pair.availableOutgoingBitrate / 1000,
      fps: picture.framesPerSecond,
      width: picture.frameWidth,
      height: picture.frameHeight,
      relay: local.candidateType === "relay",
    };
    return Object.fromEntries(Object.entries(measured).filter(([, value]) => value !== undefined));
  }

  /** One after another. A step that fails does not stop those that follow. */
  #queue(step) {
    this.#work = this.#work.then(() => (this.#closed ? undefined : step())).catch((error) => console.warn(error));
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#repairing);
    clearTimeout(this.#sending);
    this.connection.close();
  }
}
