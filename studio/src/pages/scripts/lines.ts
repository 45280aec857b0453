// The lines of a dialogue while they are edited.
import type { Schemas } from '../../api/client.ts';

type LineView = Schemas['LineView'];

export interface Line {
  /** Stays with the line wherever it moves. */
  key: string;
  speaker: string;
  text: string;
  speed: number | null;
  pause: number | null;
  /** What the server knows of it; null for one that it has never seen. */
  saved: LineView | null;
  /** It was spoken, and then changed. */
  isStale: boolean;
}

let last = 0;
const newKey = (): string => `${Date.now()}-${++last}`;

export const newLine = (speaker: string, text = ''): Line => ({ key: newKey(), speaker, text, speed: null, pause: null, saved: null, isStale: false });

export const isSent = (line: Line): boolean => line.text.trim() !== '';

/** What is sent of a line, and what an edit is compared by. */
export const sentLine = ({ speaker, text, speed, pause }: Pick<Line, 'speaker' | 'text' | 'speed' | 'pause'>): Schemas['DialogueLine'] => ({
  speaker,
  text: text.trim(),
  speed,
  pause,
});

export const same = (one: Schemas['DialogueLine'][], other: Schemas['DialogueLine'][]): boolean =>
  JSON.stringify(one.map((each) => sentLine(each as Line))) === JSON.stringify(other.map((each) => sentLine(each as Line)));

/** The server's dialogue as lines. Those that are as before keep their key, and so the focus. */
export function read(dialogue: readonly LineView[], before: readonly Line[] = []): Line[] {
  const known = before.filter(isSent);
  return dialogue.map((saved, place) => {
    const was = known[place];
    const isSame = was !== undefined && was.text.trim() === saved.text && was.speaker === saved.speaker;
    return {
      key: isSame ? was.key : newKey(),
      speaker: saved.speaker,
      text: saved.text,
      speed: saved.speed,
      pause: saved.pause,
      saved,
      isStale: isSame && was.isStale && !saved.audioFile,
    };
  });
}

/** After `sent` was saved as `dialogue`: the lines know what the server knows. Whatever was typed
 * meanwhile stays. */
export function afterSaving(lines: readonly Line[], sent: readonly Line[], dialogue: readonly LineView[]): Line[] {
  const places = new Map(sent.map((line, place) => [line.key, place]));
  return lines.map((line) => {
    const saved = dialogue[places.get(line.key) ?? -1];
    if (!saved) return line;
    const wasSpoken = Boolean(line.saved?.audioFile) || line.isStale;
    return { ...line, saved, isStale: wasSpoken && !saved.audioFile };
  });
}

export const change = (lines: readonly Line[], key: string, changes: Partial<Line>): Line[] =>
  lines.map((line) => (line.key === key ? { ...line, ...changes } : line));

export function move(lines: readonly Line[], key: string, by: 1 | -1): Line[] {
  const from = lines.findIndex((line) => line.key === key);
  const to = from + by;
  if (from < 0 || to < 0 || to >= lines.length) return [...lines];
  const moved = [...lines];
  [moved[from], moved[to]] = [moved[to]!, moved[from]!];
  return moved;
}

export function insert(lines: readonly Line[], place: number, line: Line): Line[] {
  return [...lines.slice(0, place), line, ...lines.slice(place)];
}

/** Who speaks after this line: whoever spoke before it, as in a conversation. */
export function nextSpeaker(lines: readonly Line[], place: number, cast: readonly string[]): string {
  const now = lines[place]?.speaker;
  const before = lines.slice(0, Math.max(0, place)).findLast((line) => line.speaker !== now)?.speaker;
  return before ?? cast.find((each) => each !== now) ?? now ?? cast[0] ?? '';
}

/** Cuts a line in two at an offset of its text. At its end, the next one is empty and another's. */
export function split(lines: readonly Line[], key: string, offset: number, cast: readonly string[]): { lines: Line[]; next: Line } {
  const place = lines.findIndex((line) => line.key === key);
  const line = lines[place]!;
  const rest = line.text.slice(offset).trim();
  const next = newLine(rest ? line.speaker : nextSpeaker(lines, place, cast), rest);
  const cut = rest ? change(lines, key, { text: line.text.slice(0, offset).trimEnd() }) : [...lines];
  return { lines: insert(cut, place + 1, next), next };
}

/** Puts a line at the end of the one before, if the same character speaks both; null otherwise.
 * `offset`: where they meet. */
export function join(lines: readonly Line[], key: string): { lines: Line[]; into: string; offset: number } | null {
  const place = lines.findIndex((line) => line.key === key);
  const [before, line] = [lines[place - 1], lines[place]];
  if (!before || !line || before.speaker !== line.speaker) return null;
  const start = before.text.trimEnd();
  const text = [start, line.text.trimStart()].filter(Boolean).join(' ');
  return { lines: change(lines, before.key, { text }).filter((each) => each.key !== key), into: before.key, offset: start.length };
}

export type State = 'unspoken' | 'spoken' | 'stale' | 'speaking' | 'failed';

/** Whether what is heard is what is written. */
export function isCurrent(line: Line): boolean {
  const { saved } = line;
  return Boolean(saved?.audioFile) && saved!.text === line.text.trim() && saved!.speaker === line.speaker && saved!.speed === line.speed;
}

export function stateOf(line: Line): 'unspoken' | 'spoken' | 'stale' {
  if (isCurrent(line)) return 'spoken';
  return line.isStale || line.saved?.audioFile ? 'stale' : 'unspoken';
}
