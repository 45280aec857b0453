// What the page of speaking knows, and what it asks of the API.
import { computed, signal } from '@preact/signals';
import { api, data, type Schemas } from '../../api/client.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { follow, running } from '../../jobs/follow.ts';
import { me, needSomebody, setTokens, state } from '../../session/session.ts';
import { known } from '../../state/config.ts';
import { draft } from '../../state/drafts.ts';

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

/** The most characters; null until the server has said. */
export const most = computed(() => known.value?.limits.textCharacters ?? null);
export const isTooLong = computed(() => most.value !== null && speech.value.text.length > most.value);

const said = computed(() => JSON.stringify(body.value));

/** `of` is what it is the price of. */
type Price = { state: 'none' } | { state: 'asking' } | { state: 'known'; price: Schemas['PriceData']; of: string } | { state: 'failed'; error: unknown };

export const price = signal<Price>({ state: 'none' });

/** The price of what is written now. */
const priced = computed(() => (price.value.state === 'known' && price.value.of === said.value ? price.value.price : null));

/** Counts up when the price is asked for again. */
const attempt = signal(0);

const PAUSE = 400;

/** Asks for the price a moment after the last change; returns what stops that. */
export function quote(): () => void {
  void attempt.value;
  if (!body.value.text || state.value !== 'in') {
    price.value = { state: 'none' };
    return () => {};
  }
  const stop = new AbortController();
  const of = said.value;
  const timer = setTimeout(async () => {
    if (price.value.state !== 'known') price.value = { state: 'asking' };
    try {
      price.value = { state: 'known', price: await data(api.POST('/api/voice/quote', { body: body.value, signal: stop.signal })), of };
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

/** What was sent last: until it has been spoken, the same again is a click too many. */
const last = signal({ said: '', id: '' });

/** Whoever is signed in, or may be, has seen the price. After a failure to tell it, a click asks for it again. */
export const canSpeak = computed(() => {
  const { text } = body.value;
  if (!text || isTooLong.value) return false;
  if (last.value.said === said.value && running.value.some(({ kind, id }) => kind === 'voice' && id === last.value.id)) return false;
  const mayBeIn = state.value === 'in' || state.value === 'unknown';
  return !mayBeIn || price.value.state === 'failed' || priced.value?.sufficient === true;
});

export async function speak(): Promise<void> {
  if (isSending.value || !canSpeak.value) return;
  problem.value = null;
  if (price.value.state === 'failed') {
    price.value = { state: 'asking' };
    attempt.value++;
    return;
  }
  isSending.value = true;
  try {
    // Who has signed in only now sees the price first. A guest has nothing to lose.
    if ((await needSomebody()) && (priced.value || me.value?.isGuest)) await send();
  } catch (error) {
    problem.value = error;
  }
  isSending.value = false;
}

async function send(): Promise<void> {
  const asked = said.value;
  const { generation, job, remainingTokens } = await data(
    api.POST('/api/voice/generate', {
      body: { ...body.value, ...(priced.value && { maxTokens: priced.value.tokens }) },
      params: { header: { 'Idempotency-Key': keyFor('speak', body.value) } },
    }),
  );
  answered('speak');
  setTokens(remainingTokens);
  last.value = { said: asked, id: generation.id };
  follow('voice', generation.id, { job, title: generation.title });
  change({ generation: generation.id });
}
