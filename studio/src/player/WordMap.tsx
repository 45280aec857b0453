// The sound as strokes: its waveform, or else the shape of its words, each as long as the word
// sounds. It is decoration under the range, which is the control.
import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { length, peaks, time, words } from './player.ts';
import { wordAt, type Transcript } from './words.ts';

function draw(canvas: HTMLCanvasElement): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio || 1;
  if (canvas.width !== width * scale) canvas.width = width * scale;
  if (canvas.height !== height * scale) canvas.height = height * scale;
  const paint = canvas.getContext('2d');
  if (!paint || !width) return;
  const style = getComputedStyle(canvas);
  const [lit, dim] = [style.getPropertyValue('color'), style.getPropertyValue('--dim')];
  paint.setTransform(scale, 0, 0, scale, 0, 0);
  paint.clearRect(0, 0, width, height);
  const total = length.value;
  const at = total ? (time.value / total) * width : 0;
  const said = words.value;
  const loud = peaks.value?.(Math.ceil(width / STEP));
  if ((!loud && !said?.words.length) || !total) {
    paint.fillStyle = dim;
    paint.fillRect(0, height / 2 - 1.5, width, 3);
    paint.fillStyle = lit;
    paint.fillRect(0, height / 2 - 1.5, at, 3);
    return;
  }
  for (let left = 0; left < width; left += STEP) {
    const tall = height * (loud ? Math.max(SILENT, loud[left / STEP]!) : heightOf(letterAt(said!, (left / width) * total)));
    paint.fillStyle = left < at ? lit : dim;
    paint.beginPath();
    paint.roundRect(left, (height - tall) / 2, STROKE, tall, STROKE / 2);
    paint.fill();
  }
}

const STEP = 5;
const STROKE = 3;
const SILENT = 0.08;

/** The letter that sounds, as far into its word as the time is; "" in a pause. */
function letterAt({ text, words: all }: Transcript, now: number): string {
  const word = all[wordAt(all, now)];
  if (!word || now > word.end) return '';
  return text.charAt(word.from + Math.floor(((now - word.start) / (word.end - word.start)) * (word.to - word.from)));
}

/** As high as the letter is on paper; a dot in a pause. */
function heightOf(letter: string): number {
  if (!letter) return SILENT;
  if (/[bdfhklt\p{Lu}\d]/u.test(letter)) return 1;
  if (/[gjpqyi]/.test(letter)) return 0.76;
  return /\p{L}/u.test(letter) ? 0.48 : 0.2;
}

export function WordMap() {
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    void [time.value, length.value, words.value, peaks.value];
    if (canvas.current) draw(canvas.current);
  });
  useEffect(() => {
    const observer = new ResizeObserver(() => canvas.current && draw(canvas.current));
    observer.observe(canvas.current!);
    return () => observer.disconnect();
  }, []);
  return <canvas ref={canvas} class="word-map" aria-hidden="true" />;
}
