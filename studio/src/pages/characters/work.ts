// Characters: what the pages ask of the API, and what they do with it.
import { api, data, page, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { languageName } from '../../i18n/index.ts';
import type { Track } from '../../player/player.ts';
import { remove } from '../../ui/removal.ts';
import { failures, text } from './messages.ts';
import { small } from '../../ui/pictures.ts';

export type Character = Schemas['CharacterView'];

export const SHOWN = ['mine', 'everybody', 'starred'] as const;
export interface Wanted {
  show: (typeof SHOWN)[number];
  search: string;
  sort: 'newest' | 'starred';
}

export interface Listed {
  characters: Character[];
  next: string | undefined;
}

const PER_PAGE = 24;

export async function list({ show, search, sort }: Wanted, cursor?: string): Promise<Listed> {
  const paging = { limit: PER_PAGE, ...(cursor && { cursor }) };
  const asked =
    show === 'mine'
      ? api.GET('/api/my-characters', { params: { query: paging } })
      : api.GET('/api/characters', { params: { query: { ...paging, ...(show === 'starred' ? { starred: true } : { search, sort }) } } });
  const { data: found, meta } = await page(asked);
  return { characters: found.characters, next: meta.nextCursor };
}

export const read = async (characterId: string): Promise<Character> =>
  (await data(api.GET('/api/characters/{characterId}', { params: { path: { characterId } } }))).character;

/** The new star, or its end. */
export async function setStar({ id, isStarred }: Character): Promise<void> {
  const where = { params: { path: { characterId: id } } };
  await (isStarred ? api.DELETE('/api/characters/{characterId}/star', where) : api.POST('/api/characters/{characterId}/star', where));
}

export const starred = (each: Character): Character => ({ ...each, isStarred: !each.isStarred, starred: each.starred + (each.isStarred ? -1 : 1) });

export function removeCharacter({ id, displayName }: Character): void {
  const t = text();
  remove(id, { removed: t.removed(displayName), notRemoved: t.notRemoved }, () => api.DELETE('/api/characters/{characterId}', { params: { path: { characterId: id } } }));
}

/** The recording that the character is made of; only its owner hears it. */
export function sampleOf(character: Character): Track | null {
  const { id, displayName, language, audioFile } = character;
  if (!audioFile) return null;
  return { id: `sample ${id}`, title: displayName, about: `${text().sampleOf} · ${languageName(language)}`, source: audioFile, language, page: `/characters/${id}` };
}

/** The portrait. */
export function portrait({ images }: Character): string | undefined {
  const [first] = Object.values(images);
  return first && small(first, 320);
}

/** The error with the words of these pages. */
export function told(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const words = (failures() as Record<string, string>)[error.code];
  return words ? new ApiError(error.code, words, error) : error;
}
