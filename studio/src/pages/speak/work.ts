// What the page of speaking knows, and what it asks of the API.
import { computed, signal } from '@preact/signals';
import { api, data, type Schemas } from '../../api/client.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { follow } from '../../jobs/follow.ts';
import { needSomebody, setTokens, state } from '../../session/session.ts';
import { draft } from '../../state/drafts.ts';

export const MOST = 200_000;

export interface Speech {
  text: string;
  language: string;
  voiceType: Schemas['VoiceType'];
  voiceId: string;
  /** Speaks instead of a voice; "" for none. */
  characterId: string;
  characterName: string;
  style: string;
  speed: number;
  format: Schemas['AudioFormat'];
  /** The generation that is shown under the text. */
  generation: string;
}

export const speech = draft<Speech>('speak', {
  text: '',
  language: 'en-us',
  voiceType: 'female',
  voiceId: '',
  characterId: '',
  characterName: '',
  style: 'neutral',
  speed: 1,
  format: 'mp3',
  generation: '',
});

export function change(changes: Partial<Speech>): void {
  speech.value = { ...speech.value, ...changes };
}

/** From the page of a character. */
export async function speakAs(characterId: string): Promise<void> {
  const { character } = await data(api.GET('/api/characters/{characterId}', { params: { path: { characterId } } }));
  change({ characterId, characterName: character.displayName, language: character.language, voiceId: '', speed: 1 });
}

const body = computed<Schemas['GenerateVoice']>(() => {
  const { text, language, voiceType, voiceId, characterId, style, speed, format } = speech.value;
  const said = { text: text.trim(), language, voiceStyle: style, format };
  // A character has a speed of its own.
  if (characterId) return { ...said, characterId, ...(speed !== 1 && { speed }) };
  return { ...said, voiceType, speed, ...(voiceId && { voiceId }) };
});

type Price = { state: 'none' } | { state: 'asking' } | { state: 'known'; price: Schemas['PriceData'] } | { state: 'failed'; error: unknown };

export const price = signal<Price>({ state: 'none' });

const PAUSE = 400;

/** Asks for the price a moment after the last change; returns what stops that. */
export function quote(): () => void {
  if (!body.value.text || state.value !== 'in') {
    price.value = { state: 'none' };
    return () => {};
  }
  const stop = new AbortController();
  const timer = setTimeout(async () => {
    if (price.value.state !== 'known') price.value = { state: 'asking' };
    try {
      price.value = { state: 'known', price: await data(api.POST('/api/voice/quote', { body: body.value, signal: stop.signal })) };
    } catch (error) {
      if (!stop.signal.aborted) price.value = { state: 'failed', error };
    }
  }, PAUSE);
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}

export const isSending = signal(false);
export const problem = signal<unknown>(null);

export async function speak(): Promise<void> {
  if (isSending.value || !body.value.text || !(await needSomebody())) return;
  isSending.value = true;
  problem.value = null;
  const sent = body.value;
  try {
    const { generation, job, remainingTokens } = await data(
      api.POST('/api/voice/generate', { body: sent, params: { header: { 'Idempotency-Key': keyFor('speak', sent) } } }),
    );
    answered('speak');
    setTokens(remainingTokens);
    change({ generation: generation.id });
    follow('voice', generation.id, { job, title: generation.title });
  } catch (error) {
    problem.value = error;
  }
  isSending.value = false;
}
