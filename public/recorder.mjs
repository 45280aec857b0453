// Records a call, for call.mjs: what the people say and show becomes one stream, which is sent in parts.

import { ApiError, backoff, pause } from "./live.mjs";

const PART = 10_000; // ms
const [WIDTH, HEIGHT, FPS] = [640, 360, 15];
const VIDEO_BITS = 300_000; // per second
const AUDIO_BITS = 48_000;
const TYPES = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"];

/** @typedef {{id: string, stream: MediaStream, screen: MediaStream}} Source Somebody who has agreed. */

/** One recording. It begins at once. */
export class Recorder {
  #sources;
  #send;
  #context = new AudioContext();
  #mix = this.#context.createMediaStreamDestination();
  #stage = document.createElement("canvas");
  #heard = new Map(); // nodes and elements by track
  #videos = new Map(); // elements by track
  #recorder;
  #drawing;
  #parts = [];
  #sending;
  #seq = 0;
  #failed;

  /** @param {() => Source[]} sources Whom to record now.
   * @param {(seq: number, part: Blob) => Promise<any>} send @param {(error: any) => void} failed */
  constructor(sources, send, failed) {
    this.#sources = sources;
    this.#send = send;
    this.#failed = failed;
    Object.assign(this.#stage, { width: WIDTH, height: HEIGHT });
    const stream = this.#stage.captureStream(FPS);
    for (const track of this.#mix.stream.getAudioTracks()) stream.addTrack(track);
    const mimeType = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
    const bits = { videoBitsPerSecond: VIDEO_BITS, audioBitsPerSecond: AUDIO_BITS };
    this.#recorder = new MediaRecorder(stream, { mimeType, ...bits });
    this.#recorder.ondataavailable = ({ data }) => this.#add(data);
    this.#draw();
    this.#drawing = setInterval(() => this.#draw(), 1000 / FPS);
    this.#context.resume();
    this.#recorder.start(PART);
  }

  /** Records nothing for a while. What was recorded before is sent. @param {boolean} paused */
  hold(paused) {
    if (paused && this.#recorder.state === "recording") {
      this.#recorder.requestData();
      this.#recorder.pause();
    }
    if (!paused && this.#recorder.state === "paused") this.#recorder.resume();
  }

  /** Ends the recording. Resolves when all parts have been sent. */
  async stop() {
    if (this.#recorder.state !== "inactive") {
      const stopped = new Promise((resolve) => this.#recorder.addEventListener("stop", resolve, { once: true }));
      this.#recorder.stop();
      await stopped; // comes after the last data
    }
    clearInterval(this.#drawing);
    this.#listen([]);
    this.#watch([]);
    if (this.#context.state !== "closed") await this.#context.close();
    await this.#sending;
  }

  #add(part) {
    if (part.size) this.#parts.push(part);
    this.#sending ??= this.#flush().finally(() => (this.#sending = undefined));
  }

  /** One part after another, each until it has arrived. */
  async #flush() {
    for (let tries = 0; this.#parts.length; ) {
      try {
        await this.#send(this.#seq, this.#parts[0]);
        this.#parts.shift();
        this.#seq++;
        tries = 0;
      } catch (error) {
        if (error instanceof ApiError && !error.retryable) {
          this.#parts = []; // without this part, those that follow are nothing
          return this.#failed(error);
        }
        await pause(error.retryAfter * 1000 || backoff(tries++));
      }
    }
  }

  #draw() {
    const sources = this.#sources();
    this.#listen(sources.flatMap(({ stream }) => stream.getAudioTracks()));
    const tracks = sources.flatMap(({ stream, screen }) => [...screen.getVideoTracks(), ...stream.getVideoTracks()]);
    const videos = this.#watch(tracks).filter((each) => each.videoWidth);
    const brush = this.#stage.getContext("2d");
    brush.fillStyle = "#222";
    brush.fillRect(0, 0, WIDTH, HEIGHT);
    const columns = Math.ceil(Math.sqrt(videos.length));
    const rows = Math.ceil(videos.length / (columns || 1));
    const [width, height] = [WIDTH / columns, HEIGHT / rows];
    for (const [place, video] of videos.entries()) {
      const scale = Math.min(width / video.videoWidth, height / video.videoHeight);
      const [w, h] = [video.videoWidth * scale, video.videoHeight * scale];
      const x = (place % columns) * width + (width - w) / 2;
      const y = Math.floor(place / columns) * height + (height - h) / 2;
      brush.drawImage(video, x, y, w, h);
    }
  }

  /** Mixes these tracks, and no others. */
  #listen(tracks) {
    for (const [track, { node, element }] of this.#heard) {
      if (tracks.includes(track)) continue;
      node.disconnect();
      element.srcObject = null;
      this.#heard.delete(track);
    }
    for (const track of tracks) {
      if (this.#heard.has(track)) continue;
      const sound = new MediaStream([track]);
      const node = this.#context.createMediaStreamSource(sound);
      node.connect(this.#mix);
      // Chromium decodes what others say only if an element plays it.
      const element = Object.assign(new Audio(), { muted: true, srcObject: sound });
      element.play().catch(() => {}); // it is gone
      this.#heard.set(track, { node, element });
    }
  }

  /** The elements that show these tracks; others show nothing any more. */
  #watch(tracks) {
    for (const [track, video] of this.#videos) {
      if (tracks.includes(track)) continue;
      video.srcObject = null;
      this.#videos.delete(track);
    }
    return tracks.map((track) => {
      let video = this.#videos.get(track);
      if (!video) {
        video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
        video.srcObject = new MediaStream([track]);
        video.play().catch(() => {}); // it is gone
        this.#videos.set(track, video);
      }
      return video;
    });
  }
}
