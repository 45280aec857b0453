// Opens the sheet of keys, with `?` or from the menu.
import { signal } from '@preact/signals';

const sheet = signal<typeof import('./KeySheet.tsx').KeySheet | null>(null);

export function openKeys(): void {
  void import('./KeySheet.tsx').then((module) => (sheet.value = module.KeySheet));
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'));

export function listenForKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.key !== '?' || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
    event.preventDefault();
    openKeys();
  });
}

export function Keys() {
  const Sheet = sheet.value;
  return Sheet && <Sheet onClose={() => (sheet.value = null)} />;
}
