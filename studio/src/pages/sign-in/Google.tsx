// Where Google sends people back to: in a window that closes, or in the one that they have left.
import { useEffect, useState } from 'preact/hooks';
import { go } from '../../router.ts';
import { signInFailure } from '../../session/errors.ts';
import { comeBack } from '../../session/google.ts';
import { LinkButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Skeleton } from '../../ui/States.tsx';
import { text } from './messages.ts';
import './sign-in.css';

export default function Google() {
  const t = text();
  const [told, setTold] = useState<string | null>(null);
  useEffect(() => {
    comeBack().then(
      (to) => (to ? go(to, { replace: true }) : setTold(t.googleUnknown)),
      (error: unknown) => setTold((error as { name?: string }).name === 'AbortError' ? t.googleRefused : signInFailure(error).message),
    );
  }, []);
  return (
    <div class="door">
      <Page title={t.google} lead={told ?? undefined}>
        {told === null ? <Skeleton lines={1} /> : <LinkButton href="/sign-in" look="primary">{t.toSignInLink}</LinkButton>}
      </Page>
    </div>
  );
}
