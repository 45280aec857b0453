import type { Schemas } from '../../api/client.ts';

export interface Mine {
  subscription: Schemas['SubscriptionView'];
  billing: Schemas['BillingView'] | null;
}

export const isLive = ({ status }: Schemas['SubscriptionView']): boolean => status === 'active' || status === 'past_due';
