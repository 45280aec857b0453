// What listening and dubbing can cost at most: the API holds it until the work is done.
import type { Schemas } from '../api/client.ts';

export type Price = Omit<Schemas['PriceData'], 'payer'>;
type Prices = Schemas['PricesView'];
interface Amount {
  tokens: number;
  voiceSeconds: number;
}

export function transcriptionOf(seconds: number, { transcribedSecondsPerToken }: Prices): Amount {
  const whole = Math.ceil(seconds);
  return { tokens: Math.ceil(whole / transcribedSecondsPerToken), voiceSeconds: whole };
}

export function dubbingOf(seconds: number, prices: Prices): Amount {
  const heard = transcriptionOf(seconds, prices);
  const said = Math.ceil(seconds * prices.dubbedCharactersPerSecond);
  return { tokens: heard.tokens + Math.max(1, Math.ceil(said / prices.charactersPerToken)), voiceSeconds: 2 * heard.voiceSeconds };
}

/** Voice seconds pay if there are enough of them, else tokens. */
export function priceOf({ tokens, voiceSeconds }: Amount, tokensLeft: number, minutesLeft: number): Price {
  const secondsLeft = Math.round(minutesLeft * 60);
  if (secondsLeft >= voiceSeconds) return { meter: 'voiceSeconds', tokens: 0, voiceSecondsAtMost: voiceSeconds, available: secondsLeft, sufficient: true };
  return { meter: 'tokens', tokens, voiceSecondsAtMost: voiceSeconds, available: tokensLeft, sufficient: tokensLeft >= tokens };
}
