// One call: how to get in, who was invited, and how it went. It is held at /call.html.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { fieldMessages } from '../../api/errors.ts';
import { clock, date } from '../../i18n/index.ts';
import type { PageProps } from '../../router.ts';
import { draft } from '../../state/drafts.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Choices, Field } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';
import './calls.css';

type CallView = Schemas['CallView'];

export default function Call({ params }: PageProps) {
  const t = text();
  const callId = params.id!;
  const found = useResource(async () => (await data(api.GET('/api/videocalls/{callId}', { params: { path: { callId } } }))).call, [callId]);
  const known = found.loaded.value;
  const put = (call: CallView) => found.change(() => call);
  return (
    <Page title={known.state === 'ready' ? known.value.title : t.call}>
      <Loading of={found} lines={6}>{(call) => <Found key={call.id} call={call} onChange={put} />}</Loading>
    </Page>
  );
}

function Found({ call, onChange }: { call: CallView; onChange: (call: CallView) => void }) {
  const t = text();
  const isToCome = ['pending', 'scheduled', 'ringing', 'active'].includes(call.status);
  const link = new URL(call.joinUrl, location.origin).href;
  const copy = () => void navigator.clipboard.writeText(link).then(() => toast(t.copied), () => {});
  return (
    <div class="call">
      <p class="row-about">
        <span class="tag" data-status={call.status === 'active' ? 'in_progress' : call.status}>{t[call.status]}</span>
        <span>{call.media === 'video' ? t.video : t.audio}</span>
      </p>
      {isToCome && (
        <section class="stack">
          <div class="buttons">
            <LinkButton href={call.joinUrl} look="primary" icon="calls">{t.open}</LinkButton>
            <Button icon="copy" onClick={copy}>{t.copy}</Button>
          </div>
          <p class="field-hint">{t.openHint}</p>
        </section>
      )}
      <dl class="facts">
        {isToCome && <Fact name={t.code}><span class="call-code" dir="ltr">{call.code}</span></Fact>}
        <Fact name={t.host}><span dir="auto">{call.host.name}</span></Fact>
        {call.scheduledAt && <Fact name={t.planned}>{date(call.scheduledAt, 'long')}</Fact>}
        {call.startedAt && <Fact name={t.started}>{date(call.startedAt, 'long')}</Fact>}
        {call.seconds > 0 && <Fact name={t.length}><span dir="ltr">{clock(call.seconds)}</span></Fact>}
        {call.participantCount > 0 && <Fact name={t.people}>{t.participants(call.participantCount)}</Fact>}
        {call.quality?.word && <Fact name={t.quality}>{t[call.quality.word]}</Fact>}
        {call.review && <Fact name={t.rating}>{t.stars(call.review.rating)}</Fact>}
      </dl>
      <section>
        <h2>{t.invited}</h2>
        {call.guests.length === 0 ? (
          <p class="field-hint">{t.nobody}</p>
        ) : (
          <ul class="rows">
            {call.guests.map((guest) => (
              <li key={guest.id} class="row calls-row">
                <div class="row-main">
                  <span class="row-title" dir="auto">{guest.name || guest.email || guest.phone}</span>
                  <p class="row-about">
                    {guest.state !== 'new' && <span class="tag" data-status={guest.state}>{guest.state === 'failed' ? t.notSent : t[guest.state]}</span>}
                    {guest.name && <span dir="ltr">{guest.email || guest.phone}</span>}
                  </p>
                </div>
              </li>
            ))}
          </ul>
        )}
      </section>
      {call.status !== 'cancelled' && <Outcome call={call} onChange={onChange} />}
      {['pending', 'scheduled'].includes(call.status) && <Cancel call={call} onChange={onChange} />}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Outcome({ call, onChange }: { call: CallView; onChange: (call: CallView) => void }) {
  const t = text();
  const form = draft(`call.${call.id}`, { isChanged: false, note: '', solved: null as boolean | null });
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { note, solved } = form.value.isChanged ? form.value : call.outcome;
  const change = (changed: { note?: string; solved?: boolean | null }) => {
    form.value = { isChanged: true, note, solved, ...changed };
  };
  const save = (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(null);
    const sent = form.value;
    data(api.PUT('/api/videocalls/{callId}', { params: { path: { callId: call.id } }, body: { outcome: { note: note.trim(), solved } } }))
      .then((saved) => {
        onChange(saved.call);
        // What was typed meanwhile stays.
        if (form.value === sent) form.value = { isChanged: false, note: '', solved: null };
        toast(t.saved);
      }, setError)
      .finally(() => setBusy(false));
  };
  return (
    <form class="stack calls-form" noValidate onSubmit={save}>
      <h2>{t.outcome}</h2>
      <Choices
        label={t.said}
        value={String(solved)}
        choices={[{ value: 'null', label: t.unknown }, { value: 'true', label: t.solved }, { value: 'false', label: t.unsolved }]}
        onValue={(value) => change({ solved: JSON.parse(value) as boolean | null })}
      />
      <Field label={t.note} hint={t.noteHint} error={fieldMessages(error)['outcome.note']}>
        {(tied) => <textarea {...tied} class="input" dir="auto" maxLength={2000} value={note} onInput={(event) => change({ note: event.currentTarget.value })} />}
      </Field>
      <Problem error={error} />
      <Button type="submit" isBusy={isBusy}>{t.save}</Button>
    </form>
  );
}

function Cancel({ call, onChange }: { call: CallView; onChange: (call: CallView) => void }) {
  const t = text();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const confirm = () => {
    setBusy(true);
    setError(null);
    api.DELETE('/api/videocalls/{callId}', { params: { path: { callId: call.id } } }).then(
      () => {
        toast(t.isCancelled);
        onChange({ ...call, status: 'cancelled' });
      },
      (failure: unknown) => {
        setError(failure);
        setBusy(false);
      },
    );
  };
  return (
    <div>
      <Button look="danger" onClick={() => setAsking(true)}>{t.cancel}</Button>
      {isAsking && (
        <Confirm title={t.cancel} action={t.cancel} isBusy={isBusy} onConfirm={confirm} onClose={() => setAsking(false)}>
          <p>{t.cancelWhy}</p>
          <Problem error={error} />
        </Confirm>
      )}
    </div>
  );
}
