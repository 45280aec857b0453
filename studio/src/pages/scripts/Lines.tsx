// The dialogue, line by line.
import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { wordsFor } from '../../api/errors.ts';
import { clock, number } from '../../i18n/index.ts';
import { isPlaying, pause, play, time, track as current, type Track } from '../../player/player.ts';
import { known, useConfig } from '../../state/config.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Cost, Shortage } from '../../ui/Cost.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast, undoable } from '../../ui/toasts.tsx';
import { nameOf, type Character } from './characters.tsx';
import { quote, type Editing } from './editing.ts';
import { insert, isCurrent, isSent, join, move, newLine, nextSpeaker, split, type Line } from './lines.ts';
import { text } from './messages.ts';
import { trackOf } from './track.ts';

const MOST_TAKES = 99;
const SPEEDS = [0.75, 0.9, 1, 1.1, 1.25, 1.5];
const PAUSES = [0, 250, 500, 1000, 2000, 4000];

const areaOf = (key: string): HTMLTextAreaElement | null => document.querySelector(`[data-line="${key}"] textarea`);

/** After the change has been drawn. */
function focusLine(key: string, offset = 0): void {
  requestAnimationFrame(() => {
    const area = areaOf(key);
    area?.focus();
    area?.setSelectionRange(offset, offset);
  });
}

export function Lines({ editing, characters }: { editing: Editing; characters: Character[] }) {
  const t = text();
  useConfig();
  const lines = editing.shown.value;
  const script = editing.script.value;
  const open = useSignal('');
  const names = script.selectedCharacters.map((id) => ({ value: id, label: nameOf(id, script, characters, t.gone) }));
  const isLocked = editing.isLocked.value;
  const add = () => {
    const all = editing.lines.value;
    const line = newLine(nextSpeaker(all, all.length - 1, script.selectedCharacters));
    editing.edit([...all, line]);
    focusLine(line.key);
  };
  return (
    <section class="script-lines" aria-label={t.dialogue}>
      {lines.length > 0 ? (
        <ol class="lines">
          {lines.map((line, place) => (
            <Row
              key={line.key}
              line={line}
              place={place}
              editing={editing}
              names={names}
              isOpen={open.value === line.key}
              onOpen={() => (open.value = open.value === line.key ? '' : line.key)}
            />
          ))}
        </ol>
      ) : (
        <p class="lines-none">{t.emptyScript}</p>
      )}
      <div class="lines-add">
        <Button icon="add" disabled={isLocked || isFull(editing.lines.value)} onClick={add}>{t.addLine}</Button>
        <p class="field-hint lines-keys"><kbd>↵</kbd> {t.keyEnter} <kbd>Alt</kbd> <kbd>↑</kbd> <kbd>↓</kbd> {t.keyMove}</p>
      </div>
    </section>
  );
}

const isFull = (lines: readonly unknown[]): boolean => lines.length >= (known.value?.limits.scriptLines ?? Infinity);

interface RowProps {
  line: Line;
  place: number;
  editing: Editing;
  names: { value: string; label: string }[];
  isOpen: boolean;
  onOpen: () => void;
}

function Row({ line, place, editing, names, isOpen, onOpen }: RowProps) {
  const t = text();
  const most = known.value?.limits.lineCharacters;
  const { key } = line;
  const state = editing.stateOf(line);
  const isLocked = editing.isLocked.value;
  const script = editing.script.value;
  const speakers = names.some((each) => each.value === line.speaker) ? names : [{ value: line.speaker, label: line.saved?.speakerName ?? t.gone }, ...names];
  const fault = editing.faults.value[key] ?? (most && line.text.length > most ? t.tooLong(most) : undefined);
  // Lit while it sounds in the whole.
  const isLit = useComputed(() => {
    const { saved } = editing.lines.value.find((each) => each.key === key) ?? line;
    if (!current.value) return false;
    if (current.value.id === lineId(script.id, line)) return true;
    if (current.value.id !== trackOf(script)?.id || saved?.start == null || saved.seconds === null) return false;
    return time.value >= saved.start && time.value < saved.start + saved.seconds;
  });
  const shift = (by: 1 | -1) => {
    editing.edit(move(editing.lines.value, key, by));
    const at = areaOf(key)?.selectionStart ?? 0;
    focusLine(key, at);
  };
  return (
    <li class="line" data-line={key} data-state={state} data-lit={isLit.value || undefined}>
      <Hear line={line} place={place} editing={editing} />
      <select
        class="line-speaker"
        aria-label={t.speakerOf(place + 1)}
        disabled={isLocked}
        onChange={(event) => editing.change(key, { speaker: event.currentTarget.value })}
      >
        {speakers.map((each) => <option key={each.value} value={each.value} selected={each.value === line.speaker}>{each.label}</option>)}
      </select>
      <div class="line-said">
        {line.saved?.directions && <p class="line-directions" dir="auto">{line.saved.directions}</p>}
        <Words line={line} place={place} editing={editing} fault={fault} onMove={shift} />
        {fault && <p id={`fault-${key}`} class="field-error">{fault}</p>}
        <p class="line-about">
          {state !== 'spoken' && state !== 'unspoken' && <span class="line-state">{t[state]}</span>}
          {isCurrent(line) && line.saved?.seconds != null && <span dir="ltr">{clock(line.saved.seconds)}</span>}
          {line.speed !== null && <span>{t.times(line.speed)}</span>}
          {line.pause !== null && <span>{t.pauseOfSeconds(line.pause / 1000)}</span>}
        </p>
      </div>
      <button type="button" class="icon-button" aria-label={t.more1(place + 1)} title={t.more1(place + 1)} aria-expanded={isOpen} onClick={onOpen}>
        <Icon name="more" />
      </button>
      {isOpen && <Tools line={line} place={place} editing={editing} onMove={shift} onClose={onOpen} />}
    </li>
  );
}

const lineId = (scriptId: string, line: Line): string => `${scriptId} ${line.key} ${line.saved?.take} ${line.saved?.text}`;

/** Plays the line if it has been spoken; otherwise shows how it is with it. */
function Hear({ line, place, editing }: { line: Line; place: number; editing: Editing }) {
  const t = text();
  const script = editing.script.value;
  const state = editing.stateOf(line);
  if (!isCurrent(line)) return <span class="row-play row-idle line-idle" data-state={state} aria-hidden="true" />;
  const id = lineId(script.id, line);
  const isSounding = isPlaying.value && current.value?.id === id;
  const hear = async () => {
    if (isSounding) return pause();
    // Its address has its number, which is another one after a line has come or gone before it.
    if (!(await editing.save())) return;
    const now = editing.lines.value.find((each) => each.key === line.key);
    if (!now?.saved?.audioFile) return;
    const track: Track = { id, title: now.text.trim(), about: now.saved.speakerName, source: now.saved.audioFile, language: script.language };
    await play(track);
  };
  return (
    <button type="button" class="row-play" aria-label={isSounding ? t.pauseLine(place + 1) : t.playLine(place + 1)} onClick={() => void hear()}>
      <Icon name={isSounding ? 'pause' : 'play'} />
    </button>
  );
}

function Words({ line, place, editing, fault, onMove }: { line: Line; place: number; editing: Editing; fault: string | undefined; onMove: (by: 1 | -1) => void }) {
  const t = text();
  const area = useRef<HTMLTextAreaElement>(null);
  const { key } = line;
  // Grows with the text where the browser does not do it (field-sizing).
  useEffect(() => {
    if (CSS.supports('field-sizing', 'content') || !area.current) return;
    area.current.style.blockSize = 'auto';
    area.current.style.blockSize = `${area.current.scrollHeight}px`;
  }, [line.text]);
  const onKey = (event: KeyboardEvent) => {
    const { key: pressed, altKey, ctrlKey, metaKey, shiftKey, isComposing } = event;
    const at = area.current!.selectionStart;
    if (editing.isLocked.value || ctrlKey || metaKey || isComposing) return;
    if (altKey && (pressed === 'ArrowUp' || pressed === 'ArrowDown')) {
      event.preventDefault();
      onMove(pressed === 'ArrowUp' ? -1 : 1);
    } else if (pressed === 'Enter' && !shiftKey && !altKey) {
      event.preventDefault();
      if (!line.text.trim() || isFull(editing.lines.value)) return;
      const { lines, next } = split(editing.lines.value, key, at, editing.script.value.selectedCharacters);
      editing.edit(lines);
      focusLine(next.key);
    } else if (pressed === 'Backspace' && at === 0 && area.current!.selectionEnd === 0) {
      const joined = join(editing.lines.value, key);
      if (joined) {
        event.preventDefault();
        editing.edit(joined.lines);
        focusLine(joined.into, joined.offset);
      } else if (!line.text && place > 0) {
        event.preventDefault();
        const before = editing.shown.value[place - 1]!;
        editing.edit(editing.lines.value.filter((each) => each.key !== key));
        focusLine(before.key, before.text.length);
      }
    }
  };
  return (
    <textarea
      ref={area}
      class="line-text"
      aria-label={t.lineOf(place + 1)}
      aria-invalid={fault ? true : undefined}
      aria-describedby={fault ? `fault-${key}` : undefined}
      dir="auto"
      lang={editing.script.value.language || undefined}
      rows={1}
      readOnly={editing.isLocked.value}
      placeholder={t.linePlaceholder}
      value={line.text}
      onInput={(event) => editing.change(key, { text: event.currentTarget.value })}
      onKeyDown={onKey}
    />
  );
}

/** What is done to one line. */
function Tools({ line, place, editing, onMove, onClose }: { line: Line; place: number; editing: Editing; onMove: (by: 1 | -1) => void; onClose: () => void }) {
  const t = text();
  const { key } = line;
  const isLocked = editing.isLocked.value;
  const last = editing.shown.value.length - 1;
  const cut = () => {
    const area = areaOf(key);
    const offset = area?.selectionStart ?? line.text.length;
    const { lines, next } = split(editing.lines.value, key, offset, editing.script.value.selectedCharacters);
    editing.edit(lines);
    focusLine(next.key);
  };
  const remove = () => {
    onClose();
    if (!isSent(line)) return editing.edit(editing.lines.value.filter((each) => each.key !== key));
    editing.remove(key);
    const neighbour = editing.shown.value[Math.max(0, place - 1)];
    if (neighbour) focusLine(neighbour.key);
    undoable(
      t.lineRemoved(place + 1),
      () => editing.removeForGood([key]),
      () => {
        // It may be gone for good since, as when the rest was spoken.
        if (editing.lines.value.some((each) => each.key === key)) editing.takeBack(key);
        else editing.edit(insert(editing.lines.value, place, { ...line, saved: null }));
      },
    );
  };
  return (
    <div class="line-tools">
      <div class="line-fields">
        <SelectField
          label={t.speed}
          value={String(line.speed ?? '')}
          disabled={isLocked}
          choices={[{ value: '', label: t.usualSpeed }, ...withOwn(SPEEDS, line.speed).map((each) => ({ value: String(each), label: t.times(each) }))]}
          onValue={(value) => editing.change(key, { speed: value === '' ? null : Number(value) })}
        />
        <SelectField
          label={t.pauseBefore}
          value={String(line.pause ?? '')}
          disabled={isLocked}
          choices={[{ value: '', label: t.usualPause }, ...withOwn(PAUSES, line.pause).map((each) => ({ value: String(each), label: t.seconds(each / 1000) }))]}
          onValue={(value) => editing.change(key, { pause: value === '' ? null : Number(value) })}
        />
      </div>
      {isSent(line) && !isLocked && <SpeakLine line={line} editing={editing} onStarted={onClose} />}
      <div class="line-moves">
        <IconButton icon="up" label={t.moveUp} disabled={isLocked || place === 0} onClick={() => onMove(-1)} />
        <IconButton icon="down" label={t.moveDown} disabled={isLocked || place === last} onClick={() => onMove(1)} />
        <Button small look="quiet" disabled={isLocked || !line.text.trim()} onClick={cut}>{t.splitHere}</Button>
        <Button small look="quiet" icon="delete" disabled={isLocked} onClick={remove}>{t.removeLine}</Button>
      </div>
    </div>
  );
}

const withOwn = (offered: readonly number[], own: number | null): number[] =>
  own === null || offered.includes(own) ? [...offered] : [...offered, own].sort((one, other) => one - other);

/** The line alone, for the first time or as another take, and what that costs. */
function SpeakLine({ line, editing, onStarted }: { line: Line; editing: Editing; onStarted: () => void }) {
  const t = text();
  const { id, revision } = editing.script.value;
  const isAgain = isCurrent(line);
  const take = isAgain ? (line.saved!.take + 1) % (MOST_TAKES + 1) : null;
  const isReady = editing.saving.value === 'saved';
  const price = useResource(
    async () => (isReady ? quote(id, { operation: 'line', line: editing.numberOf(line.key), take }) : null),
    [isReady, revision, take, line.key],
  );
  const { value } = price.loaded;
  const known = isReady && value.state === 'ready' ? value.value : null;
  const speak = async () => {
    if (!known?.sufficient) return;
    const started = editing.speakLine(line, take, known.tokens);
    await started;
    if (editing.problem.value) toast(wordsFor(editing.problem.value));
    else onStarted();
  };
  return (
    <div class="line-speak">
      <Button small icon="speak" isBusy={editing.isStarting.value} disabled={!known?.sufficient} onClick={() => void speak()}>{isAgain ? t.takeAgain(number(take! + 1)) : t.speakLine}</Button>
      {known?.sufficient && <Cost price={known} />}
      {known && !known.sufficient && <Shortage needed={known.tokens} available={known.available} />}
      {!known && value.state !== 'failed' && editing.saving.value !== 'failed' && <p class="cost"><span>{t.price}</span></p>}
      {isReady && value.state === 'failed' && <Problem error={value.error} />}
    </div>
  );
}
