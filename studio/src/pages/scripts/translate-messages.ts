import { messages } from '../../i18n/index.ts';

export const text = messages(
  {
    translateWhy: 'Makes another script with the same cast and the same lines in another language. It costs no tokens.',
    translateNow: 'Translate',
    translating: 'Translating',
    translated: (language: string) => `Translated: ${language}`,
    otherVoices: (language: string) => `Translated: ${language}. Some voices do not speak it, and others stand in.`,
  },
  {
    translateWhy: 'ينشئ نصًا آخر بالشخصيات والأسطر نفسها بلغة أخرى، ولا يكلّف رصيدًا.',
    translateNow: 'ترجم',
    translating: 'جارٍ الترجمة',
    translated: (language) => `تُرجم: ${language}`,
    otherVoices: (language) => `تُرجم: ${language}. بعض الأصوات لا تتحدثها فتحلّ محلها أخرى.`,
  },
);
