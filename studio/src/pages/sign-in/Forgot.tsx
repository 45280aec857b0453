import { useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import { fieldMessages } from '../../api/errors.ts';
import { Button } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Problem } from '../../ui/States.tsx';
import { text } from './messages.ts';

export function Forgot({ onBack }: { onBack: () => void }) {
  const t = text();
  const [email, setEmail] = useState('');
  const [state, setState] = useState<'idle' | 'busy' | 'sent'>('idle');
  const [error, setError] = useState<unknown>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setState('busy');
    setError(null);
    try {
      await api.POST('/api/auth/forgot-password', { body: { email: email.trim() } });
      setState('sent');
    } catch (caught) {
      setError(caught);
      setState('idle');
    }
  }

  const wrong = fieldMessages(error).email;
  return (
    <div class="door">
      <Page title={t.forgotTitle} lead={t.forgotLead}>
        <form class="stack" noValidate onSubmit={(event) => void submit(event)}>
          {!wrong && <Problem error={error} />}
          <TextField label={t.email} name="email" type="email" autocomplete="username" dir="ltr" value={email} onValue={setEmail} error={wrong} />
          <Button type="submit" look="primary" isBusy={state === 'busy'}>{t.send}</Button>
          <p role="status">{state === 'sent' && t.sent}</p>
        </form>
        <div class="door-links"><button type="button" class="text-button" onClick={onBack}>{t.toSignInLink}</button></div>
      </Page>
    </div>
  );
}
