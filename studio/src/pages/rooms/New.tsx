import { useRef, useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { fieldMessages } from '../../api/errors.ts';
import { go } from '../../router.ts';
import { draft } from '../../state/drafts.ts';
import { Button } from '../../ui/Button.tsx';
import { Choices, TextField } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Problem } from '../../ui/States.tsx';
import { text } from './messages.ts';
import { ownLanguage, Reads } from './Reads.tsx';
import './rooms.css';

const EMPTY = { name: '', topic: '', isPrivate: true, language: '' };

export default function New() {
  const t = text();
  const form = draft('room', EMPTY);
  // A password is not written into storage.
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isNameMissing, setNameMissing] = useState(false);
  const [isBusy, setBusy] = useState(false);
  // Not keyFor(), which stores the body.
  const sent = useRef({ text: '', key: '' });
  const { name, topic, isPrivate } = form.value;
  const language = form.value.language || ownLanguage();
  const change = (changed: Partial<typeof EMPTY>) => {
    form.value = { ...form.value, ...changed };
  };
  const wrong = fieldMessages(error);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setError(null);
    setNameMissing(!name.trim());
    if (!name.trim()) {
      (event.currentTarget as HTMLFormElement).querySelector<HTMLInputElement>('[name="name"]')?.focus();
      return;
    }
    setBusy(true);
    const body = { name: name.trim(), topic: topic.trim(), isPrivate, language, ...(isPrivate && password && { password }) };
    const text = JSON.stringify(body);
    if (sent.current.text !== text) sent.current = { text, key: crypto.randomUUID() };
    try {
      const { room } = await data(api.POST('/api/rooms', { params: { header: { 'Idempotency-Key': sent.current.key } }, body }));
      form.value = EMPTY;
      go(`/rooms/${room.id}`, { replace: true });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <Page title={t.make} lead={t.lead}>
      <form class="stack rooms-form" noValidate onSubmit={(event) => void submit(event)}>
        <TextField label={t.name} name="name" value={name} dir="auto" maxLength={80} hint={t.nameHint} error={isNameMissing ? t.nameMissing : wrong.name} onValue={(value) => change({ name: value })} />
        <TextField label={t.topic} name="topic" value={topic} dir="auto" maxLength={200} error={wrong.topic} onValue={(value) => change({ topic: value })} />
        <Reads value={language} error={wrong.language} onValue={(value) => change({ language: value })} />
        <Choices label={t.access} value={isPrivate ? 'invited' : 'everybody'} choices={[{ value: 'invited', label: t.invited }, { value: 'everybody', label: t.everybody }]} onValue={(value) => change({ isPrivate: value === 'invited' })} />
        {isPrivate && <TextField label={t.password} name="password" type="password" autocomplete="new-password" dir="ltr" value={password} hint={t.passwordHint} error={wrong.password} onValue={setPassword} />}
        <Problem error={error} />
        <Button type="submit" look="primary" isBusy={isBusy}>{t.create}</Button>
      </form>
    </Page>
  );
}
