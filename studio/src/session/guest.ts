// Asks a guest before what they made is out of reach. Loaded when one is about to leave.
import { messages } from '../i18n/index.ts';

const text = messages(
  { leave: 'You are a guest: what you made here cannot be reached again. Create an account to keep it. Continue anyway?' },
  { leave: 'أنت ضيف: لن تتمكن من الوصول مجددًا إلى ما صنعته هنا. أنشئ حسابًا لتحتفظ به. هل تتابع رغم ذلك؟' },
);

export const agrees = (): boolean => confirm(text().leave);
