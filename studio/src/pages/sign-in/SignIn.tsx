import { useState } from 'preact/hooks';
import { address, go } from '../../router.ts';
import { SignInForm } from '../../session/SignInForm.tsx';
import { Page } from '../../ui/Page.tsx';
import { Forgot } from './Forgot.tsx';
import { text } from './messages.ts';
import './sign-in.css';

/** Where to go after: only within the studio. */
export function target(): string {
  const to = address.value.searchParams.get('to') ?? '';
  return /^\/(?![/\\])/.test(to) ? to : '/speak';
}

export default function SignIn() {
  const t = text();
  const [isForgot, setForgot] = useState(false);
  if (isForgot) return <Forgot onBack={() => setForgot(false)} />;
  return (
    <div class="door">
      <Page title={t.signIn} lead={t.signInLead}>
        <SignInForm onDone={() => go(target(), { replace: true })} />
        <div class="door-links">
          <button type="button" class="text-button" onClick={() => setForgot(true)}>{t.forgot}</button>
          <p>{t.toSignUp} <a href={`/sign-up${address.value.search}`}>{t.toSignUpLink}</a></p>
        </div>
      </Page>
    </div>
  );
}
