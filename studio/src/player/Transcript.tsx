// A text that lights up as it sounds. It stays one text node, so that it can be read, searched and
// selected; the words are painted by the CSS Custom Highlight API.
import { useSignal, useSignalEffect, type Signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Transcript as Words } from './words.ts';
import { wordAt, wordAtOffset } from './words.ts';

interface Props {
  words: Words;
  time: Signal<number>;
  language: string;
  /** Called with the seconds of the word that was clicked. */
  onSeek: (seconds: number) => void;
  class?: string;
  /** Scrolls its own box to keep the word in view. */
  follows?: boolean;
  /** Whether this is what plays. */
  isCurrent?: boolean;
}

// One of each for the page: every text on it adds its own range.
const painted =
  typeof Highlight !== 'undefined' && 'highlights' in CSS ? { now: new Highlight(), said: new Highlight() } : null;
if (painted) {
  CSS.highlights.set('now', painted.now);
  CSS.highlights.set('said', painted.said);
}

function offsetAt(event: MouseEvent): number {
  const position = document.caretPositionFromPoint?.(event.clientX, event.clientY);
  if (position) return position.offset;
  const range = document.caretRangeFromPoint?.(event.clientX, event.clientY);
  return range ? range.startOffset : -1;
}

export function Transcript({ words, time, language, onSeek, follows, isCurrent = true, class: name }: Props) {
  const element = useRef<HTMLParagraphElement>(null);
  const ranges = useMemo(() => ({ now: new Range(), said: new Range(), place: -2 }), []);
  const clear = () => {
    painted?.now.delete(ranges.now);
    painted?.said.delete(ranges.said);
    ranges.place = -2;
  };
  useEffect(() => clear, []);
  const current = useSignal(isCurrent);
  current.value = isCurrent;
  useSignalEffect(() => {
    const place = current.value ? wordAt(words.words, time.value) : -1;
    const node = element.current?.firstChild;
    if (!painted || !node || place === ranges.place) return;
    clear();
    ranges.place = place;
    const word = words.words[place];
    if (!word) return;
    ranges.now.setStart(node, word.from);
    ranges.now.setEnd(node, word.to);
    ranges.said.setStart(node, 0);
    ranges.said.setEnd(node, word.from);
    painted.now.add(ranges.now);
    painted.said.add(ranges.said);
    const box = element.current!;
    if (follows && box.scrollHeight > box.clientHeight) {
      const { top, bottom } = ranges.now.getBoundingClientRect();
      const around = box.getBoundingClientRect();
      if (top < around.top || bottom > around.bottom) box.scrollTop += top - around.top - around.height / 3;
    }
  });
  return (
    <p
      ref={element}
      class={`transcript ${name ?? ''}`}
      lang={language}
      dir="auto"
      tabIndex={follows ? 0 : undefined}
      onClick={(event) => {
        if (!getSelection()?.isCollapsed) return;
        const word = words.words[wordAtOffset(words.words, offsetAt(event))];
        if (word) onSeek(word.start);
      }}
    >
      {words.text}
    </p>
  );
}
