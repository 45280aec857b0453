import { messages } from '../../i18n/index.ts';

export const text = messages(
  {
    title: 'Companies',
    lead: 'People who work together, with shared tokens, licenses for calls, and figures of how it goes.',
    found: 'Found a company',
    empty: 'You are in no company yet',
    emptyWhy: 'Found one, or ask a colleague for an invitation.',
    guest: 'Guests belong to no company. An account is free, and keeps what you made.',
    account: 'Make an account',
    name: 'Name',
    nameHint: 'You can change it later. You will be the owner.',
    make: 'Found it',
    waits: 'An invitation waits for your answer.',
    look: 'See the invitation',
    seats: 'Licenses in use',
  },
  {
    title: 'الشركات',
    lead: 'أشخاص يعملون معًا برصيد مشترك وتراخيص للمكالمات وأرقام تبيّن سير العمل.',
    found: 'أسّس شركة',
    empty: 'لست في أي شركة بعد',
    emptyWhy: 'أسّس شركة، أو اطلب دعوة من زميل.',
    guest: 'لا ينتمي الضيوف إلى شركات. الحساب مجاني ويحفظ ما صنعته.',
    account: 'أنشئ حسابًا',
    name: 'الاسم',
    nameHint: 'يمكنك تغييره لاحقًا. ستكون أنت المالك.',
    make: 'تأسيس',
    waits: 'هناك دعوة تنتظر ردك.',
    look: 'عرض الدعوة',
    seats: 'التراخيص المستخدمة',
  },
);
