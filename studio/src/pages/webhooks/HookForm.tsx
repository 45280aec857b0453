// The address and the events of a webhook, for a new one and for changes.
import { api, data, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { Check } from '../../manage/Check.tsx';
import { FormDialog } from '../../manage/FormDialog.tsx';
import { draft, dropDraft } from '../../state/drafts.ts';
import { Button } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { GROUPS, groupsOf, type EventName } from './events.ts';
import { text } from './messages.ts';

type Hook = Schemas['WebhookView'];
interface Typed {
  url: string;
  events: EventName[];
}

interface Props {
  companyId?: string | undefined;
  /** The one that is changed. */
  of?: Hook;
  onMade?: (answer: Schemas['WebhookSecret']) => void;
  onChanged?: (hook: Hook) => void;
  onClose: () => void;
}

export function HookForm({ companyId, of: hook, onMade, onChanged, onClose }: Props) {
  const t = text();
  const name = hook ? `webhook.${hook.id}` : `webhook.${companyId ?? 'own'}`;
  const form = draft<Typed>(name, { url: hook?.url ?? '', events: hook?.events ?? [] });
  const { url, events } = form.value;
  const groups = groupsOf(companyId).map((group) => ({ name: t[group], events: GROUPS[group] as readonly EventName[] }));
  const offered = groups.flatMap((each) => each.events);
  // Events that this studio does not know yet stay chosen.
  const others = (hook?.events ?? []).filter((each) => !offered.includes(each));
  if (others.length > 0) groups.push({ name: t.unknown, events: others });
  const choose = (chosen: EventName[]) => {
    form.value = { ...form.value, events: chosen };
  };
  const save = async (): Promise<() => void> => {
    if (events.length === 0) throw new ApiError('needs_event', t.needsEvent);
    const body = { url: url.trim(), events };
    if (hook) {
      const { webhook } = await data(api.PUT('/api/webhooks/{webhookId}', { params: { path: { webhookId: hook.id } }, body }));
      return () => onChanged?.(webhook);
    }
    const made = await data(api.POST('/api/webhooks', { body: { ...body, ...(companyId && { companyId }) } }));
    return () => onMade?.(made);
  };
  const saved = (tell: () => void) => {
    dropDraft(name);
    tell();
  };
  const giveUp = () => {
    dropDraft(name);
    onClose();
  };
  const hasAll = offered.every((each) => events.includes(each));
  return (
    <FormDialog title={hook ? t.change : t.make} action={hook ? undefined : t.make} save={save} onSaved={saved} onClose={onClose} onCancel={giveUp}>
      {(wrong) => (
        <>
          <TextField label={t.url} name="url" type="url" dir="ltr" autocomplete="off" placeholder="https://example.com/hook" hint={t.urlHint} value={url} error={wrong.url} onValue={(value) => { form.value = { ...form.value, url: value }; }} />
          <div class="manage-head">
            <p class="field-label">{t.toSend}</p>
            <Button look="quiet" small onClick={() => choose(hasAll ? [] : [...offered, ...others])}>{hasAll ? t.none : t.all}</Button>
          </div>
          {groups.map((group) => (
            <fieldset key={group.name} class="choices">
              <legend class="field-hint">{group.name}</legend>
              <div class="hook-events">
                {group.events.map((each) => (
                  <Check key={each} label={each} value={events.includes(each)} onValue={(isOn) => choose(isOn ? [...events, each] : events.filter((other) => other !== each))} />
                ))}
              </div>
            </fieldset>
          ))}
          {wrong.events && <p class="field-error">{wrong.events}</p>}
        </>
      )}
    </FormDialog>
  );
}
