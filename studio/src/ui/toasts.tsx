// Short messages at the bottom. One with an action, such as "Undo", stays for longer.
import { signal } from '@preact/signals';
import { messages } from '../i18n/index.ts';
import { IconButton } from './Button.tsx';

interface Toast {
  id: number;
  message: string;
  action?: { label: string; run: () => void };
  lasts: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  onGone?: () => void;
}

const text = messages({ dismiss: 'Dismiss', undo: 'Undo', messages: 'Messages' }, { dismiss: 'إخفاء', undo: 'تراجع', messages: 'رسائل' });

const toasts = signal<Toast[]>([]);
let last = 0;

function remove(id: number): void {
  const gone = toasts.value.find((each) => each.id === id);
  if (!gone) return;
  clearTimeout(gone.timer);
  toasts.value = toasts.value.filter((each) => each.id !== id);
  gone.onGone?.();
}

/** Whoever points at a message, or has the focus in it, may still read it or reach for its action: its time begins
 * anew when they leave. */
const hold = (each: Toast): void => clearTimeout(each.timer);
function run(each: Toast): void {
  hold(each);
  each.timer = setTimeout(() => remove(each.id), each.lasts);
}

function add(others: readonly Toast[], each: Omit<Toast, 'id' | 'timer'>): void {
  const made = { ...each, id: ++last, timer: undefined };
  toasts.value = [...others, made];
  run(made);
}

export function toast(message: string, action?: Toast['action']): void {
  // What can be taken back stays: it is done when it goes.
  const others = toasts.value.filter((each, place, all) => each.onGone || place >= all.length - 2);
  add(others, { message, lasts: action ? 8000 : 5000, ...(action && { action }) });
}

/** Says that something is gone, and does it for good after eight seconds unless the user takes it
 * back. If the tab is closed before that, nothing has been done. */
export function undoable(message: string, forGood: () => void, undo: () => void): void {
  let isUndone = false;
  const onGone = () => {
    if (!isUndone) forGood();
  };
  const action = {
    label: text().undo,
    run: () => {
      isUndone = true;
      undo();
    },
  };
  add(toasts.value, { message, lasts: 8000, action, onGone });
}

export function Toasts() {
  const t = text();
  return (
    <div class="toasts" role="region" aria-label={t.messages}>
      <div role="status" class="toast-list">
        {toasts.value.map((each) => (
          <div
            key={each.id}
            class="toast"
            onPointerEnter={() => hold(each)}
            onPointerLeave={({ currentTarget }) => currentTarget.matches(':focus-within') || run(each)}
            onFocusIn={() => hold(each)}
            onFocusOut={({ currentTarget }) => currentTarget.matches(':hover') || run(each)}
          >
            <p dir="auto">{each.message}</p>
            {each.action && (
              <button type="button" class="toast-action" onClick={() => { each.action!.run(); remove(each.id); }}>{each.action.label}</button>
            )}
            <IconButton icon="close" label={t.dismiss} onClick={() => remove(each.id)} />
          </div>
        ))}
      </div>
    </div>
  );
}
