import { api, data, type Schemas } from '../../api/client.ts';

/** Leaves for Stripe's customer portal, and comes back to `returnPath`. */
export async function openPortal(body: Schemas['PortalBody']): Promise<void> {
  const { url } = await data(api.POST('/api/payments/portal', { body }));
  location.assign(url);
}
