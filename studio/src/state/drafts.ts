// What somebody types survives a reload, a crash and a lost session.
import { signal, type Signal } from '@preact/signals';
import { forget, keep, kept } from './storage.ts';

const drafts = new Map<string, Signal<unknown>>();

/** A signal that is kept in this browser under `name`. `initial` completes what was kept. */
export function draft<T extends object>(name: string, initial: T): Signal<T> {
  let found = drafts.get(name) as Signal<T> | undefined;
  if (!found) {
    found = signal<T>({ ...initial, ...kept<Partial<T>>(`draft.${name}`) });
    const made = found;
    let isFirst = true;
    made.subscribe((value) => {
      if (!isFirst) keep(`draft.${name}`, value);
      isFirst = false;
    });
    drafts.set(name, made);
  }
  return found;
}

/** What was typed has been saved. */
export function dropDraft(name: string): void {
  drafts.delete(name);
  forget(`draft.${name}`);
}

/** Other tabs write drafts, too: the latest is shown here. */
addEventListener('storage', (event) => {
  const name = event.key?.replace('troupe.draft.', '');
  const known = name && drafts.get(name);
  if (known && event.newValue) known.value = JSON.parse(event.newValue);
});
