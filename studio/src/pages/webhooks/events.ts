// The events that a webhook can send, by what they are about. The names are the API's: programs receive them.
import type { Schemas } from '../../api/client.ts';

export type EventName = Schemas['CreateWebhook']['events'][number];
const ENDS = ['completed', 'failed', 'cancelled'] as const;
const ends = <T extends string>(of: T) => ENDS.map((end) => `${of}.${end}` as const);

export const GROUPS = {
  speech: ends('generation'),
  scripts: ends('script.audio'),
  films: ends('video'),
  transcripts: ends('transcription'),
  dubbing: ends('dubbing'),
  money: ['payment.paid', 'payment.reversed', 'wallet.low', 'subscription.changed'],
  keys: ['key.expiring'],
  people: ['member.joined', 'member.left'],
} as const satisfies Record<string, readonly EventName[]>;

export type Group = keyof typeof GROUPS;

/** Only a company has members. */
export const groupsOf = (companyId: string | undefined): Group[] => (Object.keys(GROUPS) as Group[]).filter((each) => companyId || each !== 'people');
