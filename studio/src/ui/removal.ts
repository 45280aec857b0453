// Deleting what lists show: every list hides it at once, and shows it again if it is taken back.
import { signal } from '@preact/signals';
import { ApiError } from '../api/errors.ts';
import { toast, undoable } from './toasts.tsx';

const gone = signal<ReadonlySet<string>>(new Set());

/** Whether a list shows it. */
export const isThere = ({ id }: { id: string }): boolean => !gone.value.has(id);

interface Words {
  removed: string;
  notRemoved: string;
}

export function remove(id: string | readonly string[], { removed, notRemoved }: Words, forGood: () => Promise<unknown>, undone?: () => void): void {
  const ids = [id].flat();
  gone.value = new Set([...gone.value, ...ids]);
  const back = () => {
    gone.value = new Set([...gone.value].filter((each) => !ids.includes(each)));
  };
  undoable(
    removed,
    () => {
      forGood().catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return;
        back();
        toast(notRemoved);
      });
    },
    () => {
      back();
      undone?.();
    },
  );
}
