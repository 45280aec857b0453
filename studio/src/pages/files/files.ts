// One of somebody's files, and what was heard in it.
import { api, data, page, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { remove } from '../../ui/removal.ts';
import type { Listed } from './rows.ts';
import { text } from './messages.ts';

export type Item = Schemas['FileView'];
export type Transcription = Schemas['TranscriptionView'];

const MEGABYTE = 1024 * 1024;

export const size = (bytes: number): string => text().megabytes(Math.max(0.1, Math.round((bytes / MEGABYTE) * 10) / 10));

export async function files(cursor?: string, limit = 25): Promise<Listed<Item>> {
  const { data: list, meta } = await page(api.GET('/api/files', { params: { query: { limit, ...(cursor && { cursor }) } } }));
  return { items: list.files, next: meta.nextCursor };
}

/** The API has lists of files alone. */
export async function fileOf(id: string): Promise<Item> {
  let next: string | undefined;
  do {
    const listed: Listed<Item> = await files(next, 100);
    const found = listed.items.find((each) => each.id === id);
    if (found) return found;
    next = listed.next;
  } while (next);
  throw new ApiError('not_found', '', { status: 404 });
}

export async function transcriptions(cursor?: string, fileId?: string): Promise<Listed<Transcription>> {
  const query = { limit: 25, ...(cursor && { cursor }), ...(fileId && { fileId }) };
  const { data: list, meta } = await page(api.GET('/api/audio/transcriptions', { params: { query } }));
  return { items: list.transcriptions, next: meta.nextCursor };
}

export function removeFile({ id, name }: Item, done?: () => void, undone?: () => void): void {
  const t = text();
  remove(id, { removed: t.removed(name), notRemoved: t.notRemoved }, () => api.DELETE('/api/files/{fileId}', { params: { path: { fileId: id } } }).then(done), undone);
}

export function removeText({ id, name }: Pick<Transcription, 'id' | 'name'>, undone?: () => void): void {
  const t = text();
  const forGood = () => api.DELETE('/api/audio/transcriptions/{transcriptionId}', { params: { path: { transcriptionId: id } } });
  remove(id, { removed: t.textRemoved(name), notRemoved: t.notRemoved }, forGood, undone);
}

export const transcribed = (id: string): Promise<Schemas['Transcribed']> =>
  data(api.GET('/api/audio/transcriptions/{transcriptionId}', { params: { path: { transcriptionId: id } } }));
