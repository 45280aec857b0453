import { messages } from '../i18n/index.ts';

export const common = messages(
  {
    more: 'Show more',
    save: 'Save',
    cancel: 'Cancel',
    inNumbers: 'In numbers',
    day: 'Day',
  },
  {
    more: 'عرض المزيد',
    save: 'حفظ',
    cancel: 'إلغاء',
    inNumbers: 'بالأرقام',
    day: 'اليوم',
  },
);
