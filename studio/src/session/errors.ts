// Firebase's errors of signing in, in words.
import { ApiError, wordsFor } from '../api/errors.ts';
import { messages } from '../i18n/index.ts';

const text = messages(
  {
    wrong: 'The address or the password is wrong.',
    taken: 'This address has an account already. Sign in instead.',
    weak: 'The password needs at least 6 characters.',
    invalid: 'That is not an email address.',
    many: 'Too many attempts. Wait a minute, or reset your password.',
    disabled: 'This account is suspended. Write to support if you think that is a mistake.',
    offline: 'There is no connection. Try again when you are back online.',
    other: 'Signing in did not work. Try again in a moment.',
  },
  {
    wrong: 'البريد الإلكتروني أو كلمة المرور غير صحيحة.',
    taken: 'لهذا البريد حساب بالفعل. سجّل الدخول بدلًا من ذلك.',
    weak: 'كلمة المرور تحتاج إلى 6 أحرف على الأقل.',
    invalid: 'هذا ليس بريدًا إلكترونيًا صحيحًا.',
    many: 'محاولات كثيرة. انتظر دقيقة، أو أعد تعيين كلمة المرور.',
    disabled: 'هذا الحساب موقوف. راسل الدعم إن كنت ترى ذلك خطأ.',
    offline: 'لا يوجد اتصال. حاول مجددًا عند عودة الاتصال.',
    other: 'تعذّر تسجيل الدخول. حاول مجددًا بعد قليل.',
  },
);

type Name = keyof ReturnType<typeof text>;

const NAMES: Record<string, Name> = {
  'auth/invalid-credential': 'wrong',
  'auth/wrong-password': 'wrong',
  'auth/user-not-found': 'wrong',
  'auth/invalid-login-credentials': 'wrong',
  'auth/email-already-in-use': 'taken',
  'auth/credential-already-in-use': 'taken',
  'auth/weak-password': 'weak',
  'auth/password-does-not-meet-requirements': 'weak',
  'auth/invalid-email': 'invalid',
  'auth/missing-email': 'invalid',
  'auth/too-many-requests': 'many',
  'auth/user-disabled': 'disabled',
  'auth/network-request-failed': 'offline',
};

/** Which field the error is about, and what it says. */
export function signInFailure(error: unknown): { field: 'email' | 'password' | null; message: string } {
  if (error instanceof ApiError) return { field: null, message: wordsFor(error) };
  const name = NAMES[(error as { code?: string } | null)?.code ?? ''] ?? 'other';
  const field = name === 'taken' || name === 'invalid' ? 'email' : name === 'weak' ? 'password' : null;
  return { field, message: text()[name] };
}
