// Whose voice it is, and that its owner agrees. The statement is sent word for word.
import type { Schemas } from '../../api/client.ts';
import { me } from '../../session/session.ts';
import { Choices, TextField } from '../../ui/Field.tsx';
import { Check } from './Check.tsx';
import { text } from './messages.ts';

type Details = Schemas['ConsentRequiredDetails'];

// tsc compares them with the contract's.
const STATEMENT: Details['statement'] =
  'The speaker in this recording agrees that a synthetic copy of their voice is made from it and used for the stated purposes, and knows that this consent can be revoked at any time. I am the speaker, or I am authorised to give this consent for the speaker.';
const VERSION: Details['version'] = '1';
const RELATIONSHIPS = ['self', 'authorised', 'guardian'] as const;

export interface Agreement {
  relationship: Schemas['Relationship'];
  speaker: string;
  isAgreed: boolean;
}

export const noAgreement: Agreement = { relationship: 'self', speaker: '', isAgreed: false };

/** As the API wants it. */
export function consentOf({ relationship, speaker }: Agreement, isForOthers: boolean): string {
  const purposes: Schemas['Purpose'][] = isForOthers ? ['own_use', 'use_by_others'] : ['own_use'];
  return JSON.stringify({ statement: STATEMENT, version: VERSION, speaker: speaker.trim() || null, relationship, purposes });
}

/** What is missing, by field. */
export function missingOf({ relationship, speaker, isAgreed }: Agreement): Record<string, string> {
  const t = text();
  return {
    ...(relationship !== 'self' && !speaker.trim() && { speaker: t.speakerMissing }),
    ...(!isAgreed && { consent: t.agreeMissing }),
  };
}

export function Consent({ value, onValue, wrong }: { value: Agreement; onValue: (changes: Partial<Agreement>) => void; wrong: Record<string, string> }) {
  const t = text();
  return (
    <div class="stack">
      <Choices
        label={t.who}
        value={value.relationship}
        choices={RELATIONSHIPS.map((each) => ({ value: each, label: t[each] }))}
        onValue={(relationship) => onValue({ relationship: relationship as Agreement['relationship'] })}
      />
      <TextField label={t.speaker} name="speaker" dir="auto" maxLength={120} placeholder={value.relationship === 'self' ? (me.value?.name ?? '') : ''} value={value.speaker} onValue={(speaker) => onValue({ speaker })} error={wrong.speaker} />
      <blockquote class="statement" lang="en" dir="ltr">{STATEMENT}</blockquote>
      <Check label={t.agree} name="consent" checked={value.isAgreed} onChecked={(isAgreed) => onValue({ isAgreed })} error={wrong.consent} />
    </div>
  );
}
