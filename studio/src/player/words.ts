// The words of a text, where they are in it, and when they sound.
import type { Schemas } from '../api/client.ts';

type Cue = Schemas['Cue'];

export interface Word {
  /** Offsets into the text. */
  from: number;
  to: number;
  /** Seconds. */
  start: number;
  end: number;
}

export interface Transcript {
  text: string;
  words: Word[];
  /** Where each cue begins, in seconds. */
  starts: number[];
}

/** The cues as one text, and its words. Cues without words are painted whole. */
export function transcript(cues: readonly Cue[]): Transcript {
  let text = '';
  const words: Word[] = [];
  for (const cue of cues) {
    if (text) text += ' ';
    const base = text.length;
    const said = cue.text.replace(/\s+/g, ' ');
    text += said;
    let place = 0;
    for (const word of cue.words) {
      const found = said.indexOf(word.text, place);
      if (found < 0) continue; // said otherwise than it is written
      place = found + word.text.length;
      words.push({ from: base + found, to: base + place, start: word.start, end: word.end });
    }
    if (!cue.words.length) words.push({ from: base, to: text.length, start: cue.start, end: cue.end });
  }
  return { text, words, starts: cues.map((cue) => cue.start) };
}

/** The place of the last word that has begun at `time`, or -1. */
export function wordAt(words: readonly Word[], time: number): number {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle]!.start <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The place of the word at an offset of the text, or -1. */
export function wordAtOffset(words: readonly Word[], offset: number): number {
  return words.findIndex((word) => word.from <= offset && offset <= word.to);
}
