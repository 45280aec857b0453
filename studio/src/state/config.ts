// What the server says of itself: its prices, limits, engines and features. They change with a
// deployment, so they are asked for once.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, data, type Schemas } from '../api/client.ts';

export type Config = Schemas['ConfigurationData'];

/** Null until somebody has asked. */
export const known = signal<Config | null>(null);
let asked: Promise<Config> | null = null;

export function config(): Promise<Config> {
  asked ??= data(api.GET('/api/config')).then(
    (value) => (known.value = value),
    (error: unknown) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}

/** For what a page can do without until it is there: the API checks every limit itself. */
export function useConfig(): Config | null {
  useEffect(() => void config().catch(() => {}), []);
  return known.value;
}
