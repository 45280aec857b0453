import { api, page } from '../../api/client.ts';

const MOST_PAGES = 10;

/** The names of all members, of at most a thousand. */
export async function memberNames(companyId: string): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  let cursor: string | undefined;
  for (let number = 0; number < MOST_PAGES; number++) {
    const { data, meta } = await page(api.GET('/api/companies/{companyId}/members', { params: { path: { companyId }, query: { limit: 100, ...(cursor && { cursor }) } } }));
    for (const { userId, name, email } of data.members) names.set(userId, name || email);
    cursor = meta.nextCursor;
    if (!cursor) break;
  }
  return names;
}
