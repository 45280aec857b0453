// Follows jobs to their end. Polling begins at once and never stops; while Firestore says how far a
// job is, it only slows down. So whoever cannot reach Firestore loses some smoothness, and nothing else.
import { computed, signal } from '@preact/signals';
import { ApiError } from '../api/errors.ts';
import { keep, kept } from '../state/storage.ts';
import { hasEnded, kindOf, type KindName, type Progress } from './kinds.ts';
import type { Update } from './watch.ts';

export interface Followed {
  kind: KindName;
  id: string;
  progress: Progress | null;
  error: unknown;
}

const FIRST = 500;
const LONGEST = 4000;
const WHILE_LISTENING = 15000;
const BETWEEN_READS = 300;

/** By "kind/id". Ended ones stay until the page is left or they are dismissed. */
export const followed = signal<Record<string, Followed>>({});

export const running = computed(() =>
  Object.values(followed.value).filter((each) => !each.progress || !hasEnded(each.progress.job)),
);

const endings = new Set<(each: Followed) => void>();

/** Calls back when any followed job has ended. */
export function onEnd(call: (each: Followed) => void): () => void {
  endings.add(call);
  return () => endings.delete(call);
}

const nameOf = (kind: KindName, id: string): string => `${kind}/${id}`;

function set(each: Followed): void {
  followed.value = { ...followed.value, [nameOf(each.kind, each.id)]: each };
  keep('running', running.value.map(({ kind, id }) => ({ kind, id })));
}

export function follow(kind: KindName, id: string, first: Progress | null = null): void {
  if (followed.value[nameOf(kind, id)]) return;
  set({ kind, id, progress: first, error: null });
  void until(kind, id);
}

const updated = (progress: Progress, update: Update | null): Progress =>
  update && !hasEnded(progress.job) ? { ...progress, job: update(progress.job) } : progress;

async function until(kind: KindName, id: string): Promise<void> {
  let delay = FIRST;
  let isListening = false;
  let isOver = false;
  let news = 0;
  let latest: Update | null = null;
  let stop: (() => void) | null = null;
  let wake: () => void = () => {};
  import('./watch.ts')
    .then(({ watchJob }) =>
      watchJob(
        id,
        (update) => {
          isListening = true;
          latest = update;
          const each = followed.value[nameOf(kind, id)];
          if (update) {
            if (each?.progress) set({ ...each, progress: updated(each.progress, update), error: null });
          } else {
            news++;
            wake();
          }
        },
        () => {
          isListening = false;
          delay = FIRST;
          news++;
          wake();
        },
      ),
    )
    .then(
      (unsubscribe) => {
        stop = unsubscribe;
        if (isOver) unsubscribe();
      },
      () => {}, // Firestore is blocked, or its chunk did not load
    );
  while (followed.value[nameOf(kind, id)]) {
    const before = Date.now();
    const seen = news;
    let wait = isListening ? WHILE_LISTENING : delay;
    try {
      const progress = updated(await kindOf(kind).read(id), latest);
      if (!followed.value[nameOf(kind, id)]) break;
      const each = { kind, id, progress, error: null };
      set(each);
      if (hasEnded(progress.job)) {
        for (const call of endings) call(each);
        break;
      }
    } catch (error) {
      // Gone, or nobody's here. Everything else passes.
      const isFinal = error instanceof ApiError && [401, 403, 404].includes(error.status);
      if (isFinal) {
        dismiss(kind, id);
        break;
      }
      set({ kind, id, progress: followed.value[nameOf(kind, id)]?.progress ?? null, error });
      if (error instanceof ApiError && error.retryAfter) wait = error.retryAfter * 1000;
    }
    delay = Math.min(LONGEST, delay * 2);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait);
      wake = () => {
        clearTimeout(timer);
        setTimeout(resolve, Math.max(0, before + BETWEEN_READS - Date.now()));
      };
      if (news !== seen) wake(); // reported while it was read
    });
  }
  isOver = true;
  (stop as (() => void) | null)?.();
}

export function dismiss(kind: KindName, id: string): void {
  const { [nameOf(kind, id)]: _gone, ...rest } = followed.value;
  followed.value = rest;
  keep('running', running.value.map((each) => ({ kind: each.kind, id: each.id })));
}

/** After a reload: jobs that ran are followed again. */
export function resume(): void {
  for (const { kind, id } of kept<{ kind: KindName; id: string }[]>('running') ?? []) follow(kind, id);
}
