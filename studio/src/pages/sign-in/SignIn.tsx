import { useState } from 'preact/hooks';
import { address, go } from '../../router.ts';
import { SignInForm } from '../../session/SignInForm.tsx';
import { target } from '../../session/target.ts';
import { Page } from '../../ui/Page.tsx';
import { Forgot } from './Forgot.tsx';
import { text } from './messages.ts';
import './sign-in.css';

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
