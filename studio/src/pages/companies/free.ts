import { api, data, type Schemas } from '../../api/client.ts';

export type License = Schemas['LicenseView'];
export type LicenseType = License['type'];

/** Licenses that can be given to somebody now: at most 100 of them. */
export async function freeLicenses(companyId: string): Promise<License[]> {
  const query = { companyId, assigned: false, status: 'active' as const, limit: 100 };
  const { licenses } = await data(api.GET('/api/licenses', { params: { query } }));
  return licenses.filter((each) => !each.held);
}
