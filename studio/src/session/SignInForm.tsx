// E-mail and password, or a guest; on the page and in the dialog.
import { useEffect, useState } from 'preact/hooks';
import { wordsFor } from '../api/errors.ts';
import { messages } from '../i18n/index.ts';
import { Button } from '../ui/Button.tsx';
import { TextField } from '../ui/Field.tsx';
import { beGuest, mayLeave, me, signIn, signUp } from './session.ts';

const text = messages(
  {
    email: 'Email',
    password: 'Password',
    passwordHint: 'At least 6 characters.',
    signIn: 'Sign in',
    signUp: 'Make an account',
    guest: 'Go on as a guest',
    or: 'or',
    emailMissing: 'Enter your email address.',
    passwordMissing: 'Enter your password.',
  },
  {
    email: 'البريد الإلكتروني',
    password: 'كلمة المرور',
    passwordHint: '6 أحرف على الأقل.',
    signIn: 'تسجيل الدخول',
    signUp: 'أنشئ حسابًا',
    guest: 'تابع كضيف',
    or: 'أو',
    emailMissing: 'أدخل بريدك الإلكتروني.',
    passwordMissing: 'أدخل كلمة المرور.',
  },
);

type Work = 'password' | 'guest';
type Failure = ReturnType<typeof import('./errors.ts').signInFailure>;

/** Its words are loaded when signing in has failed. */
const told = (error: unknown): Promise<Failure> =>
  import('./errors.ts').then(({ signInFailure }) => signInFailure(error), (missing: unknown) => ({ field: null, message: wordsFor(missing) }));

export function SignInForm({ isNew, onDone }: { isNew?: boolean; onDone: () => void }) {
  const t = text();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [work, setWork] = useState<Work | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const isGuest = me.value?.isGuest ?? false;
  const [Google, setGoogle] = useState<typeof import('./GoogleButton.tsx') | null>(null);
  useEffect(() => void import('./GoogleButton.tsx').then(setGoogle, () => {}), []);

  async function run(kind: Work, does: () => Promise<void>): Promise<void> {
    setWork(kind);
    setFailure(null);
    try {
      await does();
      onDone();
    } catch (error) {
      setFailure(await told(error));
    }
    setWork(null);
  }

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const missing: Failure | null = !email.trim() ? { field: 'email', message: t.emailMissing } : !password ? { field: 'password', message: t.passwordMissing } : null;
    setFailure(missing);
    if (missing) (event.currentTarget as HTMLFormElement).querySelector<HTMLInputElement>(`[name="${missing.field}"]`)?.focus();
    else if (isNew || (await mayLeave())) await run('password', () => (isNew ? signUp : signIn)(email.trim(), password));
  }

  const errorOf = (field: Failure['field']) => (failure?.field === field ? failure.message : undefined);
  return (
    <form class="sign-in stack" noValidate onSubmit={(event) => void submit(event)}>
      {failure?.field === null && <p class="problem" role="alert">{failure.message}</p>}
      <TextField label={t.email} name="email" type="email" autocomplete="username" dir="ltr" value={email} onValue={setEmail} error={errorOf('email')} />
      <TextField label={t.password} name="password" type="password" dir="ltr" autocomplete={isNew ? 'new-password' : 'current-password'} value={password} onValue={setPassword} error={errorOf('password')} hint={isNew ? t.passwordHint : undefined} />
      <Button type="submit" look="primary" isBusy={work === 'password'}>{isNew ? t.signUp : t.signIn}</Button>
      {!isGuest && (
        <>
          <p class="or"><span>{t.or}</span></p>
          <Button isBusy={work === 'guest'} onClick={() => void run('guest', beGuest)}>{t.guest}</Button>
        </>
      )}
      {Google && <Google.GoogleButton onDone={onDone} onFailure={(error) => void told(error).then(setFailure)} />}
    </form>
  );
}
