// The one thing that plays in the studio: one audio element, which outlives pages.
import { computed, effect, signal } from '@preact/signals';
import { api, data, type Schemas } from '../api/client.ts';
import type { Shape } from './peaks.ts';
import { transcript, type Transcript } from './words.ts';
import { keep, kept } from '../state/storage.ts';

export interface Track {
  id: string;
  title: string;
  /** "Female voice · English" */
  about: string;
  /** The API's address of the sound, or a file of the site. */
  source: string;
  language: string;
  /** Loads the captions; the text is not shown without. */
  cues?: () => Promise<Schemas['Cue'][]>;
  /** Loads the waveform; without, the strokes are those of the words. */
  peaks?: () => Promise<Shape>;
  /** The page about it. */
  page?: string;
}

export const RATES = [0.75, 1, 1.25, 1.5, 2] as const;

export const track = signal<Track | null>(null);
export const isPlaying = signal(false);
export const isWaiting = signal(false);
export const time = signal(0);
export const length = signal(0);
export const rate = signal(kept<number>('rate') ?? 1);
export const words = signal<Transcript | null>(null);
export const peaks = signal<Shape | null>(null);
export const failure = signal<unknown>(null);
export const hasTrack = computed(() => track.value !== null);

const sound = new Audio();
sound.preload = 'metadata';

effect(() => {
  sound.playbackRate = rate.value;
  sound.defaultPlaybackRate = rate.value;
  keep('rate', rate.value);
});

/** A URL that an element can load by itself. The API's have a token, for up to an hour; `renew` asks
 * for another. */
export async function linkTo(source: string, renew = false): Promise<string> {
  const url = new URL(source, location.origin);
  const isPublic = !url.pathname.startsWith('/api/') || url.pathname.endsWith('/preview');
  if (isPublic || (url.searchParams.has('token') && !renew)) return source;
  url.searchParams.delete('token');
  const link = await data(api.POST('/api/media-links', { body: { path: url.pathname + url.search } }));
  return link.url;
}

/** Saves the file under its title: the link is asked for when it is needed. */
export async function download(source: string, title: string): Promise<void> {
  const link = document.createElement('a');
  link.href = await linkTo(source);
  link.download = title;
  link.click();
}

async function load(wanted: Track, at: number, renew = false): Promise<void> {
  const url = await linkTo(wanted.source, renew);
  if (track.value?.id !== wanted.id) return;
  failure.value = null;
  sound.src = url;
  sound.currentTime = at;
}

/** Shows a track in the player without playing it. */
export async function cue(wanted: Track): Promise<void> {
  if (track.value?.id === wanted.id) return;
  sound.pause();
  track.value = wanted;
  words.value = null;
  peaks.value = null;
  failure.value = null;
  time.value = 0;
  length.value = 0;
  wanted.cues?.().then(
    (cues) => {
      if (track.value?.id === wanted.id) words.value = transcript(cues);
    },
    () => {}, // The sound is there without its text.
  );
  wanted.peaks?.().then(
    (shape) => {
      if (track.value?.id === wanted.id) peaks.value = shape;
    },
    () => {}, // There is none of what was made before they were kept.
  );
  try {
    await load(wanted, 0);
  } catch (error) {
    failure.value = error;
  }
}

/** Plays a track, or goes on with it. Call it in a click: browsers refuse sound otherwise. */
export async function play(wanted: Track | null = track.value): Promise<void> {
  if (!wanted) return;
  try {
    if (track.value?.id !== wanted.id) await cue(wanted);
    else if (failure.value) await load(wanted, time.value, true);
    if (failure.value) return;
    await sound.play();
  } catch (error) {
    // A refusal by the browser leaves the button as it was; the next click plays.
    if ((error as { name?: string }).name !== 'NotAllowedError' && (error as { name?: string }).name !== 'AbortError') {
      failure.value = error;
    }
  }
}

export const pause = (): void => sound.pause();

export const toggle = (): void => void (isPlaying.value ? pause() : play());

export function seek(to: number): void {
  const place = Math.min(Math.max(0, to), length.value || 0);
  sound.currentTime = place;
  time.value = place;
}

/** To the beginning of the sentence before or after. */
export function step(by: 1 | -1): void {
  const starts = words.value?.starts ?? [];
  const found = by > 0 ? starts.find((each) => each > time.value + 0.05) : starts.findLast((each) => each < time.value - 0.7);
  seek(found ?? (by > 0 ? length.value : 0));
}

export function close(): void {
  sound.pause();
  sound.removeAttribute('src');
  track.value = null;
  words.value = null;
  failure.value = null;
}

let frame = 0;
function tick(): void {
  time.value = sound.currentTime;
  frame = requestAnimationFrame(tick);
}

const listeners: Record<string, () => void> = {
  play: () => {
    isPlaying.value = true;
    cancelAnimationFrame(frame);
    tick();
  },
  pause: () => {
    isPlaying.value = false;
    isWaiting.value = false;
    cancelAnimationFrame(frame);
    time.value = sound.currentTime;
  },
  waiting: () => (isWaiting.value = true),
  playing: () => {
    isWaiting.value = false;
    failure.value = null;
  },
  durationchange: () => {
    if (Number.isFinite(sound.duration)) length.value = sound.duration;
  },
  seeked: () => (time.value = sound.currentTime),
  error: () => {
    if (sound.hasAttribute('src')) failure.value = sound.error ?? new Error('the sound cannot be played');
  },
};
for (const [name, call] of Object.entries(listeners)) sound.addEventListener(name, call);

if ('mediaSession' in navigator) {
  navigator.mediaSession.setActionHandler('play', () => void play());
  navigator.mediaSession.setActionHandler('pause', pause);
  effect(() => {
    navigator.mediaSession.metadata = track.value && new MediaMetadata({ title: track.value.title, artist: track.value.about });
  });
}
