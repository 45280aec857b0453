import { messages } from '../../i18n/index.ts';

export const text = messages(
  {
    title: 'Notifications',
    lead: 'What happened while you were elsewhere.',
    all: 'Mark all as read',
    unread: 'New',
    read: (title: string) => `Mark “${title}” as read`,
    remove: (title: string) => `Delete “${title}”`,
    removed: 'The notification is deleted',
    notRemoved: 'It could not be deleted.',
    notRead: 'It could not be marked as read.',
    emptyTitle: 'Nothing new',
    empty: 'When long work is done, or somebody needs you, it says so here.',
  },
  {
    title: 'الإشعارات',
    lead: 'ما حدث وأنت بعيد.',
    all: 'تعليم الكل كمقروء',
    unread: 'جديد',
    read: (title) => `تعليم «${title}» كمقروء`,
    remove: (title) => `حذف «${title}»`,
    removed: 'حُذف الإشعار',
    notRemoved: 'تعذّر الحذف.',
    notRead: 'تعذّر تعليمه كمقروء.',
    emptyTitle: 'لا جديد',
    empty: 'حين ينتهي عمل طويل أو يحتاجك أحد، يظهر ذلك هنا.',
  },
);
