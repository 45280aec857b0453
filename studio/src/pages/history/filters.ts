// Which entries are shown. The address says it, so that a reload, a link and the way back show the
// same.
import type { Schemas } from '../../api/client.ts';
import { address, go } from '../../router.ts';

export const STATUSES: Schemas['JobStatus'][] = ['completed', 'in_progress', 'queued', 'failed', 'cancelled'];

export interface Wanted {
  search: string;
  favourite: boolean;
  status: Schemas['JobStatus'] | '';
  language: string;
  /** Who speaks: an id. */
  character: string;
}

const ALL: Wanted = { search: '', favourite: false, status: '', language: '', character: '' };

export function wanted(): Wanted {
  const { searchParams } = address.value;
  const search = searchParams.get('search')?.trim() ?? '';
  // The API searches among all of them.
  if (search) return { ...ALL, search };
  return {
    search: '',
    favourite: searchParams.get('favourite') === 'true',
    status: STATUSES.find((each) => each === searchParams.get('status')) ?? '',
    language: searchParams.get('language') ?? '',
    character: searchParams.get('character') ?? '',
  };
}

/** A search ends the filters, and a filter the search. */
export function want(changes: Partial<Wanted>): void {
  const before = wanted();
  const { search, favourite, status, language, character } = 'search' in changes ? { ...ALL, ...changes } : { ...before, search: '', ...changes };
  const query = new URLSearchParams({ ...(search && { search }), ...(favourite && { favourite: 'true' }), ...(status && { status }), ...(language && { language }), ...(character && { character }) });
  // Every letter of a search is no step on the way back.
  go(`/history${query.size ? `?${query}` : ''}`, { replace: Boolean(search && before.search) });
}

export const isFiltered = ({ search, favourite, status, language, character }: Wanted): boolean => Boolean(search || favourite || status || language || character);
