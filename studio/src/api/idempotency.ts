// An Idempotency-Key belongs to one body. It is kept until the request has an answer, so that a
// reload, a lost answer or a second click does not do, and charge, the same twice.
import { keep, kept, forget } from '../state/storage.ts';

interface KeptKey {
  body: string;
  key: string;
}

/** The key for what `purpose` sends: the same as before as long as the body is the same. */
export function keyFor(purpose: string, body: unknown): string {
  const sent = JSON.stringify(body);
  const before = kept<KeptKey>(`key.${purpose}`);
  if (before?.body === sent) return before.key;
  const key = crypto.randomUUID();
  keep(`key.${purpose}`, { body: sent, key });
  return key;
}

const marks = new WeakMap<Blob, string>();

/** What stands for a file in a body: the same for the same file. */
export function mark(file: Blob): string {
  const known = marks.get(file) ?? crypto.randomUUID();
  marks.set(file, known);
  return known;
}

/** The request was answered: the next one is a new one. */
export function answered(purpose: string): void {
  forget(`key.${purpose}`);
}
