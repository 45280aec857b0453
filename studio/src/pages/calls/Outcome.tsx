// How a call went, by its host.
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { fieldMessages } from '../../api/errors.ts';
import { draft, dropDraft } from '../../state/drafts.ts';
import { Button } from '../../ui/Button.tsx';
import { Choices, Field, TextField } from '../../ui/Field.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text as callText } from './call-messages.ts';
import { text } from './messages.ts';

type CallView = Schemas['CallView'];
type View = Schemas['OutcomeView'];

/** What a field for a date and time shows: the time here. */
const local = (iso: string | null): string => {
  if (!iso) return '';
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

export function Outcome({ call, onChange }: { call: CallView; onChange: (call: CallView) => void }) {
  const t = text();
  const words = callText();
  const name = `call.${call.id}`;
  const changed = draft<Partial<View>>(name, {});
  const outcome: View = { ...call.outcome, ...changed.value };
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const change = (values: Partial<View>) => {
    changed.value = { ...changed.value, ...values };
  };
  const save = (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(null);
    const sent = changed.value;
    data(api.PUT('/api/videocalls/{callId}', { params: { path: { callId: call.id } }, body: { outcome: sent } }))
      .then((saved) => {
        // What was typed meanwhile stays.
        if (changed.value === sent) dropDraft(name);
        onChange(saved.call);
        toast(t.saved);
      }, setError)
      .finally(() => setBusy(false));
  };
  const wrong = fieldMessages(error);
  return (
    <form class="stack calls-form" noValidate onSubmit={save}>
      <h2>{t.outcome}</h2>
      <Choices
        label={t.said}
        value={String(outcome.solved)}
        choices={[{ value: 'null', label: t.unknown }, { value: 'true', label: t.solved }, { value: 'false', label: t.unsolved }]}
        onValue={(value) => change({ solved: JSON.parse(value) as boolean | null })}
      />
      <TextField label={words.category} dir="auto" maxLength={60} value={outcome.category} error={wrong['outcome.category']} onValue={(category) => change({ category })} />
      <Field label={t.note} hint={t.noteHint} error={wrong['outcome.note']}>
        {(tied) => <textarea {...tied} class="input" dir="auto" maxLength={2000} value={outcome.note} onInput={(event) => change({ note: event.currentTarget.value })} />}
      </Field>
      <Field label={words.followUp} error={wrong['outcome.followUpAt']}>
        {(tied) => (
          <input
            {...tied}
            class="input"
            type="datetime-local"
            value={local(outcome.followUpAt)}
            onChange={({ currentTarget: { value } }) => change({ followUpAt: value ? new Date(value).toISOString() : null })}
          />
        )}
      </Field>
      <Choices
        label={words.billable}
        value={String(outcome.billable)}
        choices={[{ value: 'null', label: words.notSaid }, { value: 'true', label: words.yes }, { value: 'false', label: words.no }]}
        onValue={(value) => change({ billable: JSON.parse(value) as boolean | null })}
      />
      {outcome.billable && <TextField label={words.billingCategory} dir="auto" maxLength={60} value={outcome.billingCategory} error={wrong['outcome.billingCategory']} onValue={(billingCategory) => change({ billingCategory })} />}
      <Problem error={error} />
      <Button type="submit" isBusy={isBusy}>{t.save}</Button>
    </form>
  );
}
