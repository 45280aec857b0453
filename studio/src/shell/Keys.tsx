// The sheet of keys, which `?` opens.
import { signal } from '@preact/signals';
import { Dialog } from '../ui/Dialog.tsx';
import { text } from './messages.ts';

export const isSheetOpen = signal(false);

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'));

export function listenForKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.key !== '?' || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
    event.preventDefault();
    isSheetOpen.value = true;
  });
}

export function KeySheet() {
  if (!isSheetOpen.value) return null;
  const t = text();
  const rows: [string[], string][] = [
    [[t.control, t.enter], t.keySpeak],
    [[t.space], t.keyPlay],
    [['J', 'L'], t.keyBack],
    [['[', ']'], t.keySentence],
    [['?'], t.keySheet],
    [['Esc'], t.keyClose],
  ];
  return (
    <Dialog title={t.keys} onClose={() => (isSheetOpen.value = false)}>
      <dl class="keys">
        {rows.map(([keys, does]) => (
          <div key={does}>
            <dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
