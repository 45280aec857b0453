// The dock: a dark stage at the bottom of every page.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { wordsFor } from '../api/errors.ts';
import { clock, duration, messages } from '../i18n/index.ts';
import { Icon } from '../ui/Icon.tsx';
import * as player from './player.ts';
import { Transcript } from './Transcript.tsx';
import { WordMap } from './WordMap.tsx';

const text = messages(
  {
    player: 'Player',
    play: 'Play',
    pause: 'Pause',
    back: 'Back 10 seconds',
    forward: 'Forward 10 seconds',
    position: 'Position',
    of: (at: string, all: string) => `${at} of ${all}`,
    speed: 'Speed',
    showText: 'Show the text',
    hideText: 'Hide the text',
    close: 'Close the player',
    download: 'Download',
    unplayable: 'This cannot be played right now.',
    retry: 'Try again',
  },
  {
    player: 'المشغّل',
    play: 'تشغيل',
    pause: 'إيقاف مؤقت',
    back: 'رجوع 10 ثوانٍ',
    forward: 'تقدّم 10 ثوانٍ',
    position: 'الموضع',
    of: (at, all) => `${at} من ${all}`,
    speed: 'السرعة',
    showText: 'إظهار النص',
    hideText: 'إخفاء النص',
    close: 'إغلاق المشغّل',
    download: 'تنزيل',
    unplayable: 'لا يمكن تشغيل هذا الآن.',
    retry: 'حاول مجددًا',
  },
);


const isOpen = signal(false);

function onKey(event: KeyboardEvent): void {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isButton = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
  if (target instanceof HTMLSelectElement) return;
  const does: Record<string, () => void> = {
    k: player.toggle,
    j: () => player.seek(player.time.value - 10),
    l: () => player.seek(player.time.value + 10),
    '[': () => player.step(-1),
    ']': () => player.step(1),
    Escape: () => (isOpen.value = false),
  };
  if (!isButton) does[' '] = player.toggle;
  const action = does[key.length === 1 ? key.toLowerCase() : key];
  if (!action) return;
  event.preventDefault();
  action();
}

export function Player() {
  const dock = useRef<HTMLElement>(null);
  const track = player.track.value;
  useEffect(() => {
    const set = (pixels: number) => document.documentElement.style.setProperty('--dock', `${pixels}px`);
    if (!dock.current) return set(0);
    const observer = new ResizeObserver(([entry]) => set(entry!.borderBoxSize[0]!.blockSize));
    observer.observe(dock.current);
    return () => {
      observer.disconnect();
      set(0);
    };
  }, [track === null]);
  if (!track) return null;
  const t = text();
  const words = player.words.value;
  return (
    <section ref={dock} class="dock" aria-label={t.player} onKeyDown={onKey}>
      {isOpen.value && words && (
        <Transcript key={track.id} words={words} time={player.time} language={track.language} onSeek={player.seek} class="dock-text" follows />
      )}
      {player.failure.value !== null && (
        <p class="dock-failure" role="alert">
          {t.unplayable} {wordsFor(player.failure.value)}{' '}
          <button type="button" class="dock-link" onClick={() => void player.play()}>{t.retry}</button>
        </p>
      )}
      <div class="dock-row">
        <PlayButton />
        <div class="dock-title">
          {track.page ? <a href={track.page} dir="auto">{track.title}</a> : <span dir="auto">{track.title}</span>}
          <span class="dock-about">{track.about}</span>
        </div>
        <Position />
        <div class="dock-tools">
          <select class="dock-rate" aria-label={t.speed} value={String(player.rate.value)} onChange={(event) => (player.rate.value = Number(event.currentTarget.value))}>
            {player.RATES.map((each) => <option key={each} value={String(each)} selected={each === player.rate.value}>{each}×</option>)}
          </select>
          {words && (
            <button type="button" class="dock-tool" aria-pressed={isOpen.value} aria-label={isOpen.value ? t.hideText : t.showText} title={isOpen.value ? t.hideText : t.showText} onClick={() => (isOpen.value = !isOpen.value)}>
              <Icon name="text" />
            </button>
          )}
          <button type="button" class="dock-tool" aria-label={t.close} title={t.close} onClick={player.close}>
            <Icon name="close" />
          </button>
        </div>
      </div>
    </section>
  );
}

function PlayButton() {
  const t = text();
  const isPlaying = player.isPlaying.value;
  return (
    <button type="button" class="dock-play" aria-label={isPlaying ? t.pause : t.play} onClick={player.toggle} data-waiting={player.isWaiting.value || undefined}>
      <Icon name={isPlaying ? 'pause' : 'play'} />
    </button>
  );
}

/** The range is the control; the strokes lie under it. Timelines run left to right in every language. */
function Position() {
  const t = text();
  const [at, all] = [player.time.value, player.length.value];
  return (
    <div class="dock-position" dir="ltr">
      <span class="dock-time">{clock(at)}</span>
      <div class="dock-line">
        <WordMap />
        <input
          type="range"
          min="0"
          max={all || 1}
          step="0.01"
          value={at}
          aria-label={t.position}
          aria-valuetext={t.of(duration(at), duration(all))}
          onInput={(event) => player.seek(Number(event.currentTarget.value))}
          onKeyDown={(event) => {
            // Five seconds, not a hundredth.
            const by = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5 }[event.key];
            if (!by) return;
            event.preventDefault();
            player.seek(player.time.value + by);
          }}
        />
      </div>
      <span class="dock-time">{clock(all)}</span>
    </div>
  );
}
