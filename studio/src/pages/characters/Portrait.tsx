import { portrait, type Character } from './work.ts';

const STROKES = 9;

/** The first picture; without one, strokes that are each character's own. */
export function Portrait({ character }: { character: Character }) {
  const picture = portrait(character);
  if (picture) return <img class="portrait" src={picture} alt="" loading="lazy" decoding="async" />;
  let seed = [...character.id].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7);
  const tall = Array.from({ length: STROKES }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return 10 + (seed / 2 ** 32) * 50;
  });
  return (
    <svg class="portrait portrait-strokes" viewBox="0 0 120 120" aria-hidden="true">
      {tall.map((each, place) => <rect key={place} x={20 + place * 9} y={60 - each / 2} width="5" height={each} rx="2.5" />)}
    </svg>
  );
}
