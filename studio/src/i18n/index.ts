// The languages of the interface. Messages live beside the page that shows them:
//
//   const text = messages({ title: 'Speak', left: (n: number) => … }, { title: 'انطق', left: (n) => … });
//   text().title
//
// tsc requires the same names, with the same parameters, in every language.
import { effect, signal } from '@preact/signals';
import { pseudo } from './pseudo.ts';

export const LOCALES = { en: 'English', ar: 'العربية' } as const;
export type Locale = keyof typeof LOCALES;
const PSEUDO = 'en-XA'; // for tests: longer, accented English

type Message = string | ((...values: never[]) => string);
type Messages = Record<string, Message>;
type Translated<T extends Messages> = {
  [K in keyof T]: T[K] extends (...values: infer V) => string ? (...values: V) => string : string;
};

const KEPT = 'troupe.language';
const kept = (() => {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
})();

const isPseudo = kept === PSEUDO;

function initial(): Locale {
  for (const name of [kept, ...navigator.languages]) {
    const short = name?.slice(0, 2).toLowerCase();
    if (short && short in LOCALES) return short as Locale;
  }
  return 'en';
}

export const locale = signal<Locale>(initial());

// Another tab has chosen.
addEventListener('storage', ({ key, newValue }) => {
  if (key === KEPT && newValue && newValue in LOCALES) locale.value = newValue as Locale;
});

export function chooseLocale(chosen: Locale): void {
  locale.value = chosen;
  try {
    localStorage.setItem(KEPT, chosen);
  } catch {
    // Without storage, the choice lasts as long as the page.
  }
}

/** Whether the user has chosen a language here: then their profile's does not replace it. */
export const hasChosenLocale = (): boolean => {
  try {
    return localStorage.getItem(KEPT) !== null;
  } catch {
    return false;
  }
};

effect(() => {
  document.documentElement.lang = locale.value;
  document.documentElement.dir = locale.value === 'ar' ? 'rtl' : 'ltr';
});

export function messages<T extends Messages>(en: T, ar: Translated<T>): () => Translated<T> {
  const english = (isPseudo ? pseudo(en) : en) as unknown as Translated<T>;
  return () => (locale.value === 'ar' ? ar : english);
}

type Plurals = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** The form for `count`, with `#` replaced by the number. */
export function plural(count: number, forms: Plurals, language: Locale = locale.value): string {
  const form = forms[new Intl.PluralRules(language).select(count)] ?? forms.other;
  return form.replace('#', number(count));
}

export const number = (value: number): string => new Intl.NumberFormat(locale.value).format(value);

export function date(iso: string, style: 'short' | 'long' = 'short'): string {
  const options: Intl.DateTimeFormatOptions =
    style === 'short' ? { day: 'numeric', month: 'short' } : { dateStyle: 'long', timeStyle: 'short' };
  return new Intl.DateTimeFormat(locale.value, options).format(new Date(iso));
}

const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60]] as const;

/** "5 minutes ago", or "yesterday". */
export function ago(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' });
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return format.format(0, 'second');
}

/** 75 as "1:15". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${hours ? String(minutes).padStart(2, '0') : minutes}:${String(rest).padStart(2, '0')}`;
  return hours ? `${hours}:${tail}` : tail;
}

/** 75 as "1 minute 15 seconds", for screen readers. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const unit = (value: number, name: string) =>
    new Intl.NumberFormat(locale.value, { style: 'unit', unit: name, unitDisplay: 'long' }).format(value);
  const minutes = Math.floor(whole / 60);
  return minutes ? `${unit(minutes, 'minute')} ${unit(whole % 60, 'second')}` : unit(whole, 'second');
}

/** The name of a language code, as "en-gb", in the language of the interface. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(locale.value, { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}
