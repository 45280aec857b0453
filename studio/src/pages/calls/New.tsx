import { useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { ApiError, fieldMessages } from '../../api/errors.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { go } from '../../router.ts';
import { draft } from '../../state/drafts.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Choices, Field, SelectField, TextField } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty, Loading, Problem } from '../../ui/States.tsx';
import { companies } from './companies.ts';
import { text } from './messages.ts';
import './calls.css';

interface Guest {
  name: string;
  email: string;
}
const EMPTY = { companyId: '', title: '', media: 'video' as 'video' | 'audio', isLater: false, at: '', guests: [{ name: '', email: '' }] as Guest[] };
const MOST = 20;

export default function New() {
  const t = text();
  const mine = useResource(companies);
  return (
    <Page title={t.make}>
      <Loading of={mine}>
        {(found) =>
          found.length === 0 ? (
            <Empty title={t.noCompany}>{t.noCompanyWhy}</Empty>
          ) : (
            <Form choices={found.map((each) => ({ value: each.id, label: each.name }))} />
          )
        }
      </Loading>
    </Page>
  );
}

function Form({ choices }: { choices: { value: string; label: string }[] }) {
  const t = text();
  const form = draft('call', EMPTY);
  const [error, setError] = useState<unknown>(null);
  const [isTimeWrong, setTimeWrong] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const { title, media, isLater, at, guests } = form.value;
  const companyId = choices.some((each) => each.value === form.value.companyId) ? form.value.companyId : choices[0]!.value;
  const change = (changed: Partial<typeof EMPTY>) => {
    form.value = { ...form.value, ...changed };
  };
  const changeGuest = (place: number, changed: Partial<Guest>) => change({ guests: guests.map((each, other) => (other === place ? { ...each, ...changed } : each)) });
  const wrong = fieldMessages(error);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setError(null);
    const isWrong = isLater && !(new Date(at).getTime() > Date.now());
    setTimeWrong(isWrong);
    if (isWrong) {
      (event.currentTarget as HTMLFormElement).querySelector<HTMLInputElement>('[name="at"]')?.focus();
      return;
    }
    const invitees = guests.map((each) => ({ name: each.name.trim(), email: each.email.trim() })).filter((each) => each.name || each.email);
    const body = { companyId, media, provider: 'mesh' as const, invitees, ...(title.trim() && { title: title.trim() }), ...(isLater && { scheduledAt: new Date(at).toISOString() }) };
    setBusy(true);
    try {
      const { call } = await data(api.POST('/api/videocalls', { params: { header: { 'Idempotency-Key': keyFor('call', body) } }, body }));
      answered('call');
      form.value = EMPTY;
      go(`/calls/${call.id}`, { replace: true });
    } catch (failure) {
      // After an error of the server, the call may exist.
      if (failure instanceof ApiError && failure.status >= 400 && failure.status < 500) answered('call');
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <form class="stack calls-form" noValidate onSubmit={(event) => void submit(event)}>
      {choices.length > 1 && <SelectField label={t.company} value={companyId} choices={choices} error={wrong.companyId} onValue={(value) => change({ companyId: value })} />}
      <TextField label={t.name} name="title" value={title} dir="auto" maxLength={120} hint={t.nameHint} error={wrong.title} onValue={(value) => change({ title: value })} />
      <Choices label={t.kind} value={media} choices={[{ value: 'video', label: t.video }, { value: 'audio', label: t.audio }]} onValue={(value) => change({ media: value as 'video' })} />
      <Choices label={t.when} value={isLater ? 'later' : 'now'} choices={[{ value: 'now', label: t.now }, { value: 'later', label: t.later }]} onValue={(value) => change({ isLater: value === 'later' })} />
      {isLater && (
        <Field label={t.at} error={isTimeWrong ? t.timeMissing : wrong.scheduledAt}>
          {(tied) => <input {...tied} class="input" type="datetime-local" name="at" value={at} onInput={(event) => change({ at: event.currentTarget.value })} />}
        </Field>
      )}
      <h2>{t.guests}</h2>
      {guests.map((guest, place) => (
        <fieldset key={place} class="calls-guest">
          <legend class="visually-hidden">{t.guest(place + 1)}</legend>
          <TextField label={t.guestName} value={guest.name} dir="auto" maxLength={100} error={wrong[`invitees.${place}.name`]} onValue={(value) => changeGuest(place, { name: value })} />
          <TextField label={t.email} type="email" dir="ltr" value={guest.email} error={wrong[`invitees.${place}.email`]} onValue={(value) => changeGuest(place, { email: value })} />
          <IconButton icon="close" label={t.removeGuest(place + 1)} onClick={() => change({ guests: guests.filter((_, other) => other !== place) })} />
        </fieldset>
      ))}
      {guests.length < MOST && <Button icon="add" small onClick={() => change({ guests: [...guests, { name: '', email: '' }] })}>{t.addGuest}</Button>}
      <Problem error={error} />
      <Button type="submit" look="primary" isBusy={isBusy}>{t.create}</Button>
    </form>
  );
}
