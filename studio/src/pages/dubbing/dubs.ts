// Dubbings, as the API has them.
import { api, page, type Schemas } from '../../api/client.ts';
import { remove } from '../../ui/removal.ts';
import type { Config } from '../../state/config.ts';
import type { Listed } from '../files/rows.ts';
import { text } from './messages.ts';

export type Dub = Schemas['DubbingView'];

export async function dubs(cursor?: string): Promise<Listed<Dub>> {
  const { data, meta } = await page(api.GET('/api/dubbing', { params: { query: { limit: 25, ...(cursor && { cursor }) } } }));
  return { items: data.dubbings, next: meta.nextCursor };
}

/** Unfinished work is cancelled, and costs nothing. */
export const erase = (dubbingId: string): Promise<unknown> => api.DELETE('/api/dubbing/{dubbingId}', { params: { path: { dubbingId } } });

export function removeDub({ id, name }: Dub, undone?: () => void): void {
  const t = text();
  remove(id, { removed: t.removed(name), notRemoved: t.notRemoved }, () => erase(id), undone);
}

export const canDub = ({ features }: Config): boolean => features.transcription && features.translation;
