// The words for what goes wrong with a request.
import { messages, number, plural } from '../i18n/index.ts';
import { ApiError } from './failure.ts';

export { ApiError, fieldMessages } from './failure.ts';

const text = messages(
  {
    offline: 'There is no connection. What you wrote is kept; try again when you are back online.',
    unexpected_answer: 'The server gave an answer that makes no sense. Try again in a moment.',
    signed_out: 'You are signed out. Sign in to go on; what you wrote is kept.',
    payload_too_large: 'That is too large to send.',
    account_suspended: 'This account is suspended. Write to support if you think that is a mistake.',
    not_enough_tokens: (needed: number, available: number) =>
      `This needs ${plural(needed, { one: '# token', other: '# tokens' }, 'en')}, and ${number(available)} are left.`,
    too_many_requests: (seconds: number) =>
      `That was a lot at once. Try again in ${plural(seconds, { one: '# second', other: '# seconds' }, 'en')}.`,
    text_too_long: (maximum: number) => `The text is too long: at most ${number(maximum)} characters.`,
    internal_error: 'Something broke on our side. It is logged; try again in a moment.',
    unavailable: 'The service does not answer right now. Try again in a moment.',
    not_found: 'That is not here, or no longer here.',
    other: 'That did not work.',
  },
  {
    offline: 'لا يوجد اتصال. ما كتبته محفوظ، حاول مجددًا عند عودة الاتصال.',
    unexpected_answer: 'جاء من الخادم رد غير مفهوم. حاول مجددًا بعد قليل.',
    signed_out: 'تم تسجيل خروجك. سجّل الدخول للمتابعة، وما كتبته محفوظ.',
    payload_too_large: 'الحجم أكبر من المسموح به.',
    account_suspended: 'هذا الحساب موقوف. راسل الدعم إن كنت ترى ذلك خطأ.',
    not_enough_tokens: (needed, available) => `المطلوب ${number(needed)} من الرصيد، والمتبقي ${number(available)}.`,
    too_many_requests: (seconds) => `طلبات كثيرة في وقت واحد. حاول مجددًا بعد ${plural(seconds, { one: 'ثانية واحدة', two: 'ثانيتين', few: '# ثوانٍ', other: '# ثانية' }, 'ar')}.`,
    text_too_long: (maximum) => `النص طويل: الحد الأقصى ${number(maximum)} حرف.`,
    internal_error: 'حدث خلل لدينا وقد سُجّل. حاول مجددًا بعد قليل.',
    unavailable: 'الخدمة لا تستجيب الآن. حاول مجددًا بعد قليل.',
    not_found: 'هذا غير موجود، أو لم يعد موجودًا.',
    other: 'تعذّر تنفيذ ذلك.',
  },
);

/** A sentence for the user. The API's own is plain English, and shown where there is no better one. */
export function wordsFor(error: unknown): string {
  const words = text();
  if (!(error instanceof ApiError)) return words.other;
  const { code, details } = error;
  if (code === 'not_enough_tokens') return words.not_enough_tokens(details.needed ?? 0, details.available ?? 0);
  if (code === 'too_many_requests' || code === 'too_many_attempts') return words.too_many_requests(error.retryAfter ?? 60);
  if (code === 'text_too_long') return words.text_too_long(details.maximum ?? 0);
  const known = (words as Record<string, unknown>)[code];
  if (typeof known === 'string') return known;
  return error.message || words.other;
}
