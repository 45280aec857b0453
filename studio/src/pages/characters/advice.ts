import { locale } from '../../i18n/index.ts';

// The API's advice about recordings, which is English.
const ARABIC: Record<string, string> = {
  'Record 6 to 12 seconds of continuous speech.': 'سجّل من 6 إلى 12 ثانية من الكلام المتواصل.',
  'The recording is quiet: speak closer to the microphone.': 'التسجيل منخفض: اقترب من الميكروفون.',
  'The recording is very loud: lower the recording level.': 'التسجيل عالٍ جدًا: اخفض مستوى التسجيل.',
  'The loudest parts are clipped: lower the recording level.': 'أعلى الأجزاء مقطوعة: اخفض مستوى التسجيل.',
  'Much of the recording is silence: trim the pauses, especially at both ends.': 'في التسجيل صمت كثير: احذف الوقفات، خاصةً في الطرفين.',
};

export const adviceWords = (sentence: string): string => (locale.value === 'ar' ? (ARABIC[sentence] ?? sentence) : sentence);
