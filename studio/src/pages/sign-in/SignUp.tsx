import { address, go } from '../../router.ts';
import { me } from '../../session/session.ts';
import { SignInForm } from '../../session/SignInForm.tsx';
import { target } from '../../session/target.ts';
import { useConfig } from '../../state/config.ts';
import { Page } from '../../ui/Page.tsx';
import { text } from './messages.ts';
import './sign-in.css';

export default function SignUp() {
  const t = text();
  const given = useConfig()?.prices.tokensOfNewAccount;
  return (
    <div class="door">
      <Page title={t.signUp} lead={me.value?.isGuest ? t.keepLead : given ? t.signUpTokens(given) : t.signUpLead}>
        <SignInForm isNew onDone={() => go(target(), { replace: true })} />
        <div class="door-links">
          <p>{t.toSignIn} <a href={`/sign-in${address.value.search}`}>{t.toSignInLink}</a></p>
        </div>
      </Page>
    </div>
  );
}
