import { useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import { fieldMessages } from '../../api/errors.ts';
import { me } from '../../session/session.ts';
import { draft, dropDraft } from '../../state/drafts.ts';
import { Button } from '../../ui/Button.tsx';
import { Field, TextField } from '../../ui/Field.tsx';
import { Problem } from '../../ui/States.tsx';
import { text } from './messages.ts';

const NAMES = ['name', 'email', 'subject', 'message'] as const;
type Name = (typeof NAMES)[number];
const DRAFT = 'contact';

export function Contact() {
  const t = text();
  const written = draft<Partial<Record<Name, string>>>(DRAFT, {});
  const [website, setWebsite] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isChecked, check] = useState(false);
  const [answerTo, setAnswerTo] = useState('');
  const values: Record<Name, string> = { name: me.value?.name ?? '', email: me.value?.email ?? '', subject: '', message: '', ...written.value };
  const empty = NAMES.filter((each) => !values[each].trim());
  const missing = isChecked ? Object.fromEntries(empty.map((each) => [each, t[`${each}Missing`]])) : {};
  const wrong: Partial<Record<string, string>> = { ...fieldMessages(error), ...missing };
  const field = (name: Name) => ({ name, value: values[name], error: wrong[name], onValue: (value: string) => (written.value = { ...written.value, [name]: value }) });

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    check(true);
    setError(null);
    if (empty[0]) return form.querySelector<HTMLElement>(`[name="${empty[0]}"]`)?.focus();
    setBusy(true);
    try {
      const { name, email, subject, message } = values;
      await api.POST('/api/contact/submit', { body: { name: name.trim(), email: email.trim(), subject: subject.trim(), message: message.trim(), website } });
      setAnswerTo(email.trim());
      check(false);
      dropDraft(DRAFT);
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  }

  if (answerTo) {
    return (
      <section class="contact" role="status">
        <h2>{t.sent}</h2>
        <p>{t.sentWhy(answerTo)}</p>
        <Button onClick={() => setAnswerTo('')}>{t.another}</Button>
      </section>
    );
  }
  return (
    <section class="contact">
      <h2>{t.contact}</h2>
      <p>{t.contactWhy}</p>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <TextField label={t.name} autocomplete="name" dir="auto" maxLength={100} {...field('name')} />
        <TextField label={t.email} type="email" autocomplete="email" dir="ltr" maxLength={254} {...field('email')} />
        <div class="contact-wide"><TextField label={t.subject} dir="auto" maxLength={200} {...field('subject')} /></div>
        <div class="contact-wide">
          <Field label={t.message} error={wrong.message}>
            {(tied) => <textarea {...tied} name="message" class="input" dir="auto" rows={6} maxLength={5000} value={values.message} onInput={(event) => (written.value = { ...written.value, message: event.currentTarget.value })} />}
          </Field>
        </div>
        {/* People do not see it, and programs fill it in. */}
        <input class="visually-hidden" name="website" tabIndex={-1} autocomplete="off" aria-hidden="true" value={website} onInput={(event) => setWebsite(event.currentTarget.value)} />
        <div class="contact-wide stack">
          <Problem error={Object.keys(fieldMessages(error)).length ? null : error} />
          <Button type="submit" look="primary" isBusy={isBusy}>{t.send}</Button>
        </div>
      </form>
    </section>
  );
}
