// What a page loads: asked for once, again on demand, with the three states that a page shows.
import { signal, type Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';

export type Loaded<T> = { state: 'loading' } | { state: 'failed'; error: unknown } | { state: 'ready'; value: T };

export interface Resource<T> {
  loaded: Signal<Loaded<T>>;
  reload: () => void;
  /** Replaces what is shown, for changes that the page makes itself. */
  change: (change: (value: T) => T) => void;
}

/** Loads when the component appears, and when one of `inputs` changes. What was loaded stays while
 * it is loaded again. */
export function useResource<T>(load: () => Promise<T>, inputs: readonly unknown[] = []): Resource<T> {
  const resource = useMemo(() => {
    const loaded = signal<Loaded<T>>({ state: 'loading' });
    let latest = 0;
    const start = (get: () => Promise<T>): void => {
      const mine = ++latest;
      if (loaded.value.state === 'failed') loaded.value = { state: 'loading' };
      get().then(
        (value) => {
          if (mine === latest) loaded.value = { state: 'ready', value };
        },
        (error: unknown) => {
          if (mine === latest) loaded.value = { state: 'failed', error };
        },
      );
    };
    return { loaded, start, load };
  }, []);
  resource.load = load;
  useEffect(() => resource.start(resource.load), inputs);
  return {
    loaded: resource.loaded,
    reload: () => resource.start(resource.load),
    change: (change) => {
      const { value } = resource.loaded;
      if (value.state === 'ready') resource.loaded.value = { state: 'ready', value: change(value.value) };
    },
  };
}
