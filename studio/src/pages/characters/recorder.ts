// Records the microphone, and tells how loud it is meanwhile.
import { signal } from '@preact/signals';

/** Seconds. The server takes a minute; the best copies come of 6 to 12 seconds. */
export const LONGEST = 30;
const SHORTEST = 1;
const LEVELS = 48;
const EVERY = 60;
/** Safari records nothing else than mp4, whose length all players know. */
const TYPES = ['audio/mp4', 'audio/webm;codecs=opus', 'audio/ogg;codecs=opus'];
const QUIETEST = -50;

export type MicrophoneProblem = 'denied' | 'none' | 'busy' | 'unsupported' | 'broken' | 'tooBrief';

const PROBLEMS: Record<string, MicrophoneProblem> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'none',
  OverconstrainedError: 'none',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

export const canRecord = (): boolean => typeof MediaRecorder !== 'undefined' && Boolean(navigator.mediaDevices?.getUserMedia);

export class Recorder {
  readonly stage = signal<'idle' | 'asking' | 'recording'>('idle');
  readonly problem = signal<MicrophoneProblem | null>(canRecord() ? null : 'unsupported');
  readonly seconds = signal(0);
  /** The latest levels, from 0 to 1. */
  readonly levels = signal<readonly number[]>([]);

  #onTake: (sound: Blob) => void;
  #longest: number;
  #release: () => void = () => {};
  #stop: () => void = () => {};
  #isGone = false;

  /** `longest`: seconds after which it stops by itself. */
  constructor(onTake: (sound: Blob) => void, longest = LONGEST) {
    this.#onTake = onTake;
    this.#longest = longest;
    // Whoever has refused before is told the way back at once.
    navigator.permissions?.query({ name: 'microphone' as PermissionName }).then(
      (permission) => {
        const look = () => {
          if (permission.state === 'denied') this.problem.value ??= 'denied';
          else if (this.problem.value === 'denied') this.problem.value = null;
        };
        permission.onchange = look;
        if (permission.state === 'denied') look();
      },
      () => {}, // Not every browser knows this permission.
    );
  }

  async start(): Promise<void> {
    if (this.stage.value !== 'idle' || !canRecord()) return;
    this.stage.value = 'asking';
    this.problem.value = null;
    try {
      // As it sounds: what makes calls clear makes copies worse.
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false } });
      if (this.#isGone) stream.getTracks().forEach((track) => track.stop());
      else this.#record(stream);
    } catch (error) {
      this.problem.value = PROBLEMS[(error as { name?: string }).name ?? ''] ?? 'broken';
      this.#end();
    }
  }

  stop = (): void => this.#stop();

  /** The page is left. */
  dispose(): void {
    this.#isGone = true;
    this.#stop();
    this.#end();
  }

  #record(stream: MediaStream): void {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    context.createMediaStreamSource(stream).connect(analyser);
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
    const parts: Blob[] = [];
    const wave = new Float32Array(analyser.fftSize);
    const begun = performance.now();
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(wave);
      const peak = wave.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
      const level = Math.min(1, Math.max(0, 1 - (20 * Math.log10(peak || 1e-6)) / QUIETEST));
      this.levels.value = [...this.levels.value, level].slice(-LEVELS);
      this.seconds.value = (performance.now() - begun) / 1000;
      if (this.seconds.value >= this.#longest) this.#stop();
    }, EVERY);
    this.#stop = () => {
      if (recorder.state !== 'inactive') recorder.stop();
    };
    this.#release = () => {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
      void context.close();
    };
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onerror = () => {
      this.problem.value = 'broken';
      this.#end();
    };
    recorder.onstop = () => {
      const seconds = (performance.now() - begun) / 1000;
      this.#end();
      if (this.#isGone) return;
      if (seconds < SHORTEST) this.problem.value = 'tooBrief';
      else this.#onTake(new Blob(parts, { type: recorder.mimeType.split(';')[0]! }));
    };
    this.seconds.value = 0;
    this.levels.value = [];
    recorder.start(250);
    this.stage.value = 'recording';
  }

  #end(): void {
    this.#release();
    this.#release = () => {};
    this.#stop = () => {};
    this.stage.value = 'idle';
  }
}

/** What the latest levels say. */
export function loudness(levels: readonly number[]): 'quiet' | 'levelGood' | 'loud' {
  const most = Math.max(0, ...levels.slice(-25));
  return most > 0.985 ? 'loud' : most < 0.45 ? 'quiet' : 'levelGood';
}
