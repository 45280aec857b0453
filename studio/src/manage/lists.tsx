// Lists that come in pages, with filters that are kept in the address: a link or a reload shows the
// same.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Schemas } from '../api/client.ts';
import { address, go } from '../router.ts';
import { useResource, type Resource } from '../state/resource.ts';
import { Button } from '../ui/Button.tsx';
import { Loading, Problem } from '../ui/States.tsx';
import { common } from './messages.ts';

export interface Listed<T> {
  items: T[];
  next: string | undefined;
  total: number;
}

export const listed = <T,>(items: T[], meta: Schemas['Meta']): Listed<T> => ({ items, next: meta.nextCursor, total: meta.total });

type Load<T> = (cursor: { cursor?: string }) => Promise<Listed<T>>;

export interface List<T> extends Resource<Listed<T>> {
  load: Load<T>;
  replace: (item: T, isSame: (each: T) => boolean) => void;
}

export function useList<T>(load: Load<T>, inputs: readonly unknown[] = []): List<T> {
  const resource = useResource(() => load({}), inputs);
  return {
    ...resource,
    load,
    replace: (item, isSame) => resource.change((value) => ({ ...value, items: value.items.map((each) => (isSame(each) ? item : each)) })),
  };
}

/** The rows of a list and what leads to the next; `empty` if there are none. */
export function Rows<T>({ of, empty, children }: { of: List<T>; empty: ComponentChildren; children: (item: T) => ComponentChildren }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const more = (cursor: string) => {
    setBusy(true);
    setError(null);
    of.load({ cursor })
      .then((added) => of.change((value) => ({ ...added, items: [...value.items, ...added.items] })), setError)
      .finally(() => setBusy(false));
  };
  return (
    <Loading of={of} lines={6}>
      {({ items, next }) =>
        items.length === 0 ? empty : (
          <>
            <ul class="rows manage-rows">{items.map(children)}</ul>
            {next && (
              <div class="more">
                <Problem error={error} />
                <Button isBusy={isBusy} onClick={() => more(next)}>{common().more}</Button>
              </div>
            )}
          </>
        )
      }
    </Loading>
  );
}

/** A value of the address's query, "" if it is not there, and what sets it. */
export function query(name: string): [string, (value: string) => void] {
  const value = address.value.searchParams.get(name) ?? '';
  const set = (chosen: string) => {
    const url = new URL(address.value);
    if (chosen) url.searchParams.set(name, chosen);
    else url.searchParams.delete(name);
    go(url.href, { replace: true });
  };
  return [value, set];
}

/** The value if it is one of those that the API knows. */
export const oneOf = <T extends string>(value: string, known: readonly T[]): T | undefined => known.find((each) => each === value);

/** What a field for numbers has. An empty one is no number, and JSON makes null of it, which the
 * API refuses where it needs the field, and leaves alone where it does not. */
export const numeric = (typed: string): number => (typed.trim() ? Number(typed) : NaN);
