// The waveforms that the server keeps, as the player draws them.
import type { Schemas } from '../api/client.ts';

/** How loud each of so many stretches is, from 0 to 1, which is the loudest of them. */
export type Shape = (count: number) => number[];

export const shapeOf =
  ({ low, high }: Schemas['WaveformData']): Shape =>
  (count) => {
    const share = high.length / count;
    const strokes = Array.from({ length: count }, (_, place) => {
      const from = Math.floor(place * share);
      const to = Math.max(from + 1, Math.floor((place + 1) * share));
      return Math.max(0, ...high.slice(from, to), ...low.slice(from, to).map((each) => -each));
    });
    const loudest = Math.max(1, ...strokes);
    return strokes.map((each) => each / loudest);
  };
