// Over whatever was being done when the server said 401, or when something needs somebody.
import { Dialog } from '../ui/Dialog.tsx';
import { text } from '../shell/messages.ts';
import { asked, me } from './session.ts';
import { SignInForm } from './SignInForm.tsx';

export function SignInDialog() {
  const t = text();
  const isAgain = me.value !== null;
  return (
    <Dialog title={isAgain ? t.signedOut : t.signIn} onClose={() => asked.value?.answer(false)}>
      <p class="lead">{isAgain ? t.signedOutWhy : t.needAccountWhy}</p>
      <SignInForm onDone={() => asked.value?.answer(true)} />
    </Dialog>
  );
}
