// How the figures of the API are written, and what they are called.
import { locale, messages, number } from '../../i18n/index.ts';
import { money } from '../../manage/money.ts';

export type Value = number | null | undefined;

export const names = messages(
  {
    calls: 'Calls',
    ended: 'Held',
    missed: 'Missed',
    failed: 'Failed',
    cancelled: 'Cancelled',
    successRate: 'Of those that were over, held',
    solved: 'Solved',
    unsolved: 'Not solved',
    solvedRate: 'Share that was solved',
    saved: 'Saved',
    minutes: 'Minutes',
    averageSeconds: 'Average length',
    averageWaitingSeconds: 'Average wait in the lobby',
    averageResponseSeconds: 'Average time to the answer',
    guests: 'Guests',
    ratings: 'Reviews',
    rating: 'Average rating',
    serviceRating: 'Rating of the service',
    hostRating: 'Rating of the host',
    activeMembers: 'Active members',
    newMembers: 'New members',
    lostMembers: 'Members who left',
    newLicenses: 'New licenses',
    lostLicenses: 'Licenses that ended',
    recordings: 'Recordings',
    joins: 'Entries into calls',
    failedJoins: 'Entries that failed',
    reconnects: 'Reconnects',
    qualityReports: 'Quality reports',
    relayShare: 'Through a relay',
    lossPercent: 'Packets lost',
    roundTripP50: 'Round trip, median',
    roundTripP95: 'Round trip, slowest 5 %',
    gross: 'Paid',
    tax: 'Tax in it',
    net: 'Left after tax and refunds',
    refunded: 'Refunded',
    disputed: 'Disputed',
    payments: 'Payments',
    monthly: 'Subscription, per month',
    members: 'Members',
    suspended: 'Suspended',
    licensed: 'With a license',
    unlicensed: 'Without a license',
    licenses: 'Active licenses',
    assignedLicenses: 'Assigned',
    freeLicenses: 'Free',
    utilisation: 'In use',
    allLicenses: 'Licenses in all',
    expiring: 'Expire within 30 days',
    activeCalls: 'Calls going on',
    ringingCalls: 'Ringing',
    participants: 'People in calls',
    waiting: 'In the lobby',
  },
  {
    calls: 'المكالمات',
    ended: 'جرت',
    missed: 'فائتة',
    failed: 'تعذّرت',
    cancelled: 'ملغاة',
    successRate: 'ما جرى مما انتهى',
    solved: 'حُلّت',
    unsolved: 'لم تُحل',
    solvedRate: 'نسبة ما حُل',
    saved: 'المبلغ الموفَّر',
    minutes: 'الدقائق',
    averageSeconds: 'متوسط المدة',
    averageWaitingSeconds: 'متوسط الانتظار في الردهة',
    averageResponseSeconds: 'متوسط زمن الرد',
    guests: 'الضيوف',
    ratings: 'التقييمات',
    rating: 'متوسط التقييم',
    serviceRating: 'تقييم الخدمة',
    hostRating: 'تقييم المضيف',
    activeMembers: 'أعضاء نشطون',
    newMembers: 'أعضاء جدد',
    lostMembers: 'أعضاء غادروا',
    newLicenses: 'تراخيص جديدة',
    lostLicenses: 'تراخيص انتهت',
    recordings: 'التسجيلات',
    joins: 'مرات الدخول',
    failedJoins: 'دخول تعذّر',
    reconnects: 'إعادات الاتصال',
    qualityReports: 'تقارير الجودة',
    relayShare: 'عبر وسيط',
    lossPercent: 'الحزم المفقودة',
    roundTripP50: 'زمن الذهاب والإياب، الوسيط',
    roundTripP95: 'زمن الذهاب والإياب، أبطأ 5 %',
    gross: 'المدفوع',
    tax: 'الضريبة ضمنه',
    net: 'الباقي بعد الضريبة والمسترد',
    refunded: 'المسترد',
    disputed: 'المتنازع عليه',
    payments: 'الدفعات',
    monthly: 'الاشتراك شهريًا',
    members: 'الأعضاء',
    suspended: 'موقوفون',
    licensed: 'لديهم ترخيص',
    unlicensed: 'بلا ترخيص',
    licenses: 'تراخيص نشطة',
    assignedLicenses: 'مُسندة',
    freeLicenses: 'متاحة',
    utilisation: 'قيد الاستخدام',
    allLicenses: 'كل التراخيص',
    expiring: 'تنتهي خلال 30 يومًا',
    activeCalls: 'مكالمات جارية',
    ringingCalls: 'ترن',
    participants: 'في المكالمات',
    waiting: 'في الردهة',
  },
);

const texts = messages(
  { growth: (percent: string) => `${percent} on the period before`, before: (value: string) => `${value} in the period before` },
  { growth: (percent) => `${percent} عن الفترة السابقة`, before: (value) => `${value} في الفترة السابقة` },
);

export type Name = keyof ReturnType<typeof names>;

const SHARES: readonly string[] = ['successRate', 'solvedRate', 'relayShare', 'utilisation'];
const SECONDS: readonly string[] = ['averageSeconds', 'averageWaitingSeconds', 'averageResponseSeconds'];
const AMOUNTS: readonly string[] = ['gross', 'tax', 'net', 'refunded', 'disputed', 'monthly'];

const unit = (value: number, name: string, display: 'short' | 'narrow' = 'short'): string =>
  new Intl.NumberFormat(locale.value, { style: 'unit', unit: name, unitDisplay: display, maximumFractionDigits: 1 }).format(value);

export const percent = (share: number): string => new Intl.NumberFormat(locale.value, { style: 'percent', maximumFractionDigits: 1 }).format(share);

/** In the unit that the figure has. `currency`: of amounts, which are in its smallest unit; what is
 * saved is in whole ones, as companies enter it. */
export function written(name: string, value: Value, currency: string): string {
  if (value === null || value === undefined) return '–';
  if (SHARES.includes(name)) return percent(value);
  if (name === 'lossPercent') return percent(value / 100);
  if (SECONDS.includes(name)) return value < 60 ? unit(value, 'second') : unit(value / 60, 'minute');
  if (name.startsWith('roundTrip')) return unit(value, 'millisecond');
  if (AMOUNTS.includes(name)) return money(value, currency);
  if (name === 'saved') return new Intl.NumberFormat(locale.value, { style: 'currency', currency: currency || 'USD', currencyDisplay: 'narrowSymbol', maximumFractionDigits: 0 }).format(value);
  return number(value);
}

/** "+12 % on the period before", or what it was if there is no such number; nothing if it was nothing. */
export function compared(name: string, growth: Value, previous: Value, currency: string): string {
  if (growth !== null && growth !== undefined) {
    const signed = new Intl.NumberFormat(locale.value, { style: 'percent', signDisplay: 'exceptZero', maximumFractionDigits: 1 }).format(growth / 100);
    return texts().growth(signed);
  }
  return !previous ? '' : texts().before(written(name, previous, currency));
}
