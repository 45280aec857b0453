// Between what is typed and what the API takes.
import type { Schemas } from '../../api/client.ts';
import { numeric } from '../../manage/lists.tsx';

export interface Typed {
  name: string;
  scopes: string[];
  /** A day here, "2026-11-28": the key works until it ends. */
  expiry: string;
  rate: string;
  tokens: string;
  minutes: string;
  networks: string;
}

const two = (value: number): string => String(value).padStart(2, '0');

function dayOf(iso: string): string {
  const at = new Date(iso);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

const typedNumber = (value: number | null): string => (value === null ? '' : String(value));

export function drafted(key?: Schemas['KeyView']): Typed {
  if (!key) return { name: '', scopes: ['speech'], expiry: '', rate: '', tokens: '', minutes: '', networks: '' };
  const { voiceSeconds } = key.cap;
  return {
    name: key.name,
    scopes: key.scopes,
    expiry: key.expiresAt ? dayOf(key.expiresAt) : '',
    rate: typedNumber(key.rate),
    tokens: typedNumber(key.cap.tokens),
    minutes: voiceSeconds === null ? '' : String(voiceSeconds / 60),
    networks: key.ipAllow.join('\n'),
  };
}

const orNull = (typed: string): number | null => (typed.trim() ? numeric(typed) : null);

export function given(typed: Typed) {
  const minutes = orNull(typed.minutes);
  return {
    name: typed.name.trim(),
    scopes: typed.scopes,
    expiresAt: typed.expiry ? new Date(`${typed.expiry}T23:59:59`).toISOString() : null,
    rate: orNull(typed.rate),
    cap: { tokens: orNull(typed.tokens), voiceSeconds: minutes === null ? null : Math.round(minutes * 60) },
    ipAllow: typed.networks.split(/[\s,]+/).filter(Boolean),
  };
}
