// Short messages at the bottom. One with an action, such as "Undo", stays for longer.
import { signal } from '@preact/signals';
import { messages } from '../i18n/index.ts';
import { IconButton } from './Button.tsx';

interface Toast {
  id: number;
  message: string;
  action?: { label: string; run: () => void };
  timer: ReturnType<typeof setTimeout>;
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

export function toast(message: string, action?: Toast['action']): void {
  const id = ++last;
  const timer = setTimeout(() => remove(id), action ? 8000 : 5000);
  // What can be taken back stays: it is done when it goes.
  const others = toasts.value.filter((each, place, all) => each.onGone || place >= all.length - 2);
  toasts.value = [...others, { id, message, timer, ...(action && { action }) }];
}

/** Says that something is gone, and does it for good after eight seconds unless the user takes it
 * back. If the tab is closed before that, nothing has been done. */
export function undoable(message: string, forGood: () => void, undo: () => void): void {
  const id = ++last;
  let isUndone = false;
  const timer = setTimeout(() => remove(id), 8000);
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
  toasts.value = [...toasts.value, { id, message, timer, action, onGone }];
}

export function Toasts() {
  const t = text();
  return (
    <div class="toasts" role="region" aria-label={t.messages}>
      <div role="status" class="toast-list">
        {toasts.value.map(({ id, message, action }) => (
          <div key={id} class="toast">
            <p dir="auto">{message}</p>
            {action && (
              <button type="button" class="toast-action" onClick={() => { action.run(); remove(id); }}>{action.label}</button>
            )}
            <IconButton icon="close" label={t.dismiss} onClick={() => remove(id)} />
          </div>
        ))}
      </div>
    </div>
  );
}
