// Who was invited to a call and what became of it, and inviting more people.
import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../api/client.ts';
import { ApiError, fieldMessages } from '../../api/errors.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { draft } from '../../state/drafts.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Choices, Field, TextField } from '../../ui/Field.tsx';
import { Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text as callText } from './call-messages.ts';
import { text } from './messages.ts';

type Invitation = Schemas['CallInvitationView'];
/** What this server can send. */
type Way = 'email' | 'sms';
const EMPTY = { by: 'email' as Way, name: '', email: '', phone: '', message: '' };

/** Those that are sent in a moment were not sent when they were listed. */
const AGAIN = 4000; // ms

async function load(callId: string): Promise<{ invitations: Invitation[]; ways: Way[] }> {
  const [listed, config] = await Promise.all([
    page(api.GET('/api/videocalls/{callId}/invitations', { params: { path: { callId }, query: { limit: 100 } } })),
    data(api.GET('/api/config')),
  ]);
  const { mail, sms } = config.features;
  return { invitations: listed.data.invitations, ways: [...(mail ? (['email'] as const) : []), ...(sms ? (['sms'] as const) : [])] };
}

export function Invitations({ call, isToCome }: { call: Schemas['CallView']; isToCome: boolean }) {
  const t = text();
  const found = useResource(() => load(call.id), [call.id]);
  return (
    <section class="stack">
      <h2>{t.invited}</h2>
      <Loading of={found} lines={2}>
        {({ invitations, ways }) => (
          <>
            {invitations.length === 0 ? <p class="field-hint">{t.nobody}</p> : <ul class="rows">{invitations.map((each) => <Row key={each.id} invitation={each} />)}</ul>}
            {isToCome && ways.length === 0 && <p class="field-hint">{callText().noWay}</p>}
            {isToCome && ways.length > 0 && (
              <Invite
                callId={call.id}
                ways={ways}
                onInvited={(invitation) => {
                  found.change((value) => ({ ...value, invitations: [invitation, ...value.invitations.filter(({ id }) => id !== invitation.id)] }));
                  setTimeout(found.reload, AGAIN);
                }}
              />
            )}
          </>
        )}
      </Loading>
    </section>
  );
}

function Row({ invitation }: { invitation: Invitation }) {
  const t = text();
  const words = callText();
  const { name, email, phone, state, channel, error } = invitation;
  return (
    <li class="row calls-row">
      <div class="row-main">
        <span class="row-title" dir="auto">{name || email || phone}</span>
        <p class="row-about">
          <span class="tag" data-status={state}>{state === 'failed' ? t.notSent : t[state]}</span>
          <span>{channel === 'email' ? words.mail : words[channel]}</span>
          {name && <span dir="ltr">{channel === 'sms' ? phone : email}</span>}
          {error && <span>{words.whyNot(error)}</span>}
        </p>
      </div>
    </li>
  );
}

function Invite({ callId, ways, onInvited }: { callId: string; ways: Way[]; onInvited: (invitation: Invitation) => void }) {
  const t = callText();
  const form = draft(`call.invite.${callId}`, EMPTY);
  const [link, setLink] = useState('');
  const [missing, setMissing] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const { name, email, phone, message } = form.value;
  const by = ways.includes(form.value.by) ? form.value.by : ways[0]!;
  const change = (changed: Partial<typeof EMPTY>) => {
    form.value = { ...form.value, ...changed };
  };
  const wrong = fieldMessages(error);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setError(null);
    const address = by === 'sms' ? phone.replace(/[\s()-]/g, '') : email.trim();
    setMissing(address ? '' : by === 'sms' ? t.phoneMissing : t.addressMissing);
    if (!address) {
      (event.currentTarget as HTMLFormElement).querySelector<HTMLInputElement>('[name="address"]')?.focus();
      return;
    }
    setBusy(true);
    const body = { ...(name.trim() && { name: name.trim() }), ...(message.trim() && { message: message.trim() }), ...(by === 'sms' ? { phone: address } : { email: address }) };
    const purpose = `call.invite.${callId}`;
    try {
      const made = await data(api.POST('/api/videocalls/{callId}/invitations', { params: { path: { callId }, header: { 'Idempotency-Key': keyFor(purpose, body) } }, body }));
      answered(purpose);
      form.value = { ...EMPTY, by };
      setLink(new URL(made.joinUrl, location.origin).href);
      toast(t.invited);
      onInvited(made.invitation);
    } catch (failure) {
      if (failure instanceof ApiError && failure.status >= 400 && failure.status < 500) answered(purpose);
      setError(failure);
    }
    setBusy(false);
  };
  const copy = () => void navigator.clipboard.writeText(link).then(() => toast(t.copied), () => {});
  return (
    <form class="stack calls-form call-invite" noValidate onSubmit={(event) => void submit(event)}>
      <h3>{t.invite}</h3>
      {ways.length > 1 && <Choices label={t.by} value={by} choices={[{ value: 'email', label: t.byEmail }, { value: 'sms', label: t.bySms }]} onValue={(value) => change({ by: value as Way })} />}
      <TextField label={t.guestName} dir="auto" maxLength={80} value={name} error={wrong.name} onValue={(value) => change({ name: value })} />
      {by === 'sms' ? (
        <TextField label={t.phone} name="address" type="tel" dir="ltr" value={phone} hint={t.phoneHint} error={missing || wrong.phone} onValue={(value) => change({ phone: value })} />
      ) : (
        <TextField label={t.email} name="address" type="email" dir="ltr" value={email} error={missing || wrong.email} onValue={(value) => change({ email: value })} />
      )}
      <TextField label={t.note} dir="auto" maxLength={160} value={message} error={wrong.message} onValue={(value) => change({ message: value })} />
      <Problem error={error} />
      <Button type="submit" isBusy={isBusy}>{t.send}</Button>
      {link && (
        <Field label={t.link}>
          {(tied) => (
            <div class="call-copy">
              <input {...tied} class="input" dir="ltr" readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
              <Button icon="copy" onClick={copy}>{t.copy}</Button>
            </div>
          )}
        </Field>
      )}
    </form>
  );
}
