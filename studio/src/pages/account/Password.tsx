import { useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import { signIn, type Me } from '../../session/session.ts';
import { Button } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';
import { sorted } from './told.ts';

export function Password({ user }: { user: Me }) {
  const t = text();
  const [currentPassword, setCurrent] = useState('');
  const [newPassword, setNew] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isChecked, check] = useState(false);
  const { fields, rest } = sorted(error);
  const missing: Record<string, string> = { ...(!currentPassword && { currentPassword: t.missing }), ...(!newPassword && { newPassword: t.missing }) };
  const wrong: Record<string, string> = { ...fields, ...(isChecked && missing) };

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    check(true);
    setError(null);
    const [first] = Object.keys(missing);
    if (first) return (event.currentTarget as HTMLFormElement).querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus();
    setBusy(true);
    try {
      await api.POST('/api/auth/change-password', { body: { currentPassword, newPassword } });
      // Firebase has ended this browser's sign-in, too.
      await signIn(user.email, newPassword);
      setCurrent('');
      setNew('');
      check(false);
      toast(t.changed);
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  }

  return (
    <section>
      <h2>{t.password}</h2>
      <p class="section-why">{t.passwordWhy}</p>
      <form class="account-form" noValidate onSubmit={(event) => void submit(event)}>
        <input class="visually-hidden" type="email" autocomplete="username" value={user.email} readOnly tabIndex={-1} aria-hidden="true" />
        <TextField label={t.current} name="currentPassword" type="password" autocomplete="current-password" dir="ltr" value={currentPassword} onValue={setCurrent} error={wrong.currentPassword} />
        <TextField label={t.next} name="newPassword" type="password" autocomplete="new-password" dir="ltr" value={newPassword} onValue={setNew} hint={t.nextHint} error={wrong.newPassword} />
        <div class="account-wide stack">
          <Problem error={rest} />
          <Button type="submit" isBusy={isBusy}>{t.change}</Button>
        </div>
      </form>
    </section>
  );
}
