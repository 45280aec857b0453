import { api, data, type Schemas } from '../../api/client.ts';

/** Those that the user belongs to. */
export const companies = async (): Promise<Schemas['ListedCompany'][]> =>
  (await data(api.GET('/api/companies', { params: { query: { limit: 100 } } }))).companies;
