import { api, data } from '../api/client.ts';
import { config } from './config.ts';
import { priceOf, type dubbingOf, type Price } from './prices.ts';

/** The price for a sound of so many seconds. */
export async function quote(of: typeof dubbingOf, seconds: number): Promise<Price> {
  const [{ prices }, { tokensRemaining, minutesRemaining }] = await Promise.all([config(), data(api.GET('/api/user/profile'))]);
  return priceOf(of(seconds, prices), tokensRemaining, minutesRemaining);
}
