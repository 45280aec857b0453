// The characters to filter by: one's own, and those that one has starred.
import { api, data, page } from '../../api/client.ts';

interface Choice {
  value: string;
  label: string;
}

/** With that of the address, which may be neither. One that is gone has no name any longer. */
export async function charactersWith(id: string): Promise<Choice[]> {
  const [mine, starred] = await Promise.all([
    page(api.GET('/api/my-characters', { params: { query: { limit: 100 } } })),
    page(api.GET('/api/characters', { params: { query: { limit: 100, starred: true } } })),
  ]);
  const found = new Map([...mine.data.characters, ...starred.data.characters].map((each) => [each.id, each.displayName]));
  if (id && !found.has(id)) {
    const named = await data(api.GET('/api/characters/{characterId}', { params: { path: { characterId: id } } })).catch(() => null);
    if (named) found.set(id, named.character.displayName);
  }
  return [...found].map(([value, label]) => ({ value, label })).sort((one, other) => one.label.localeCompare(other.label));
}
