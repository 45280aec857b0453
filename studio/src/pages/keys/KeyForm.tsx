// The fields of a key, for a new one and for changes.
import { api, data, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { Check } from '../../manage/Check.tsx';
import { FormDialog } from '../../manage/FormDialog.tsx';
import { draft, dropDraft } from '../../state/drafts.ts';
import { Field, TextField } from '../../ui/Field.tsx';
import { drafted, given, type Typed } from './fields.ts';
import type { Key } from './Keys.tsx';
import { text } from './messages.ts';
import { SCOPES, scopeName } from './scopes.ts';

interface Props {
  companyId?: string | undefined;
  /** The one that is changed. */
  of?: Key;
  onMade?: (answer: Schemas['KeySecret']) => void;
  onChanged?: (key: Key) => void;
  onClose: () => void;
}

export function KeyForm({ companyId, of: key, onMade, onChanged, onClose }: Props) {
  const t = text();
  const name = key ? `key.${key.id}` : `key.${companyId ?? 'own'}`;
  const form = draft<Typed>(name, drafted(key));
  const typed = form.value;
  const change = (changed: Partial<Typed>) => {
    form.value = { ...form.value, ...changed };
  };
  const save = async (): Promise<() => void> => {
    if (typed.scopes.length === 0) throw new ApiError('needs_scope', t.needsScope);
    const body = given(typed);
    if (key) {
      const changed = await data(api.PUT('/api/keys/{keyId}', { params: { path: { keyId: key.id } }, body }));
      return () => onChanged?.(changed.key);
    }
    const made = await data(api.POST('/api/keys', { body: { ...body, ...(companyId && { companyId }) } }));
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
  return (
    <FormDialog title={key ? t.changeOf(key.name) : t.make} action={key ? undefined : t.make} save={save} onSaved={saved} onClose={onClose} onCancel={giveUp}>
      {(wrong) => (
        <>
          <TextField label={t.name} name="name" dir="auto" autocomplete="off" maxLength={100} hint={t.nameHint} value={typed.name} error={wrong.name} onValue={(value) => change({ name: value })} />
          <fieldset class="choices">
            <legend class="field-label">{t.scopes}</legend>
            <div class="key-scopes">
              {[...SCOPES, ...(key?.scopes ?? []).filter((scope) => !SCOPES.includes(scope))].map((scope) => (
                <Check key={scope} label={scopeName(scope)} value={typed.scopes.includes(scope)} onValue={(isOn) => change({ scopes: isOn ? [...typed.scopes, scope] : typed.scopes.filter((each) => each !== scope) })} />
              ))}
            </div>
            {wrong.scopes && <p class="field-error">{wrong.scopes}</p>}
          </fieldset>
          <div class="form-pair">
            <TextField label={t.expiry} name="expiry" type="date" hint={t.expiryHint} value={typed.expiry} error={wrong.expiresAt} onValue={(expiry) => change({ expiry })} />
            <TextField label={t.rate} name="rate" type="number" inputMode="numeric" min={1} hint={t.rateHint} value={typed.rate} error={wrong.rate} onValue={(rate) => change({ rate })} />
            <TextField label={t.capTokens} name="tokens" type="number" inputMode="numeric" min={0} hint={t.capHint} value={typed.tokens} error={wrong['cap.tokens']} onValue={(tokens) => change({ tokens })} />
            <TextField label={t.capMinutes} name="minutes" type="number" inputMode="numeric" min={0} hint={t.capHint} value={typed.minutes} error={wrong['cap.voiceSeconds']} onValue={(minutes) => change({ minutes })} />
          </div>
          <Field label={t.ipAllow} hint={t.ipAllowHint} error={Object.entries(wrong).find(([field]) => field.startsWith('ipAllow'))?.[1]}>
            {(tied) => <textarea {...tied} class="input" name="networks" dir="ltr" rows={3} spellcheck={false} value={typed.networks} onInput={(event) => change({ networks: event.currentTarget.value })} />}
          </Field>
        </>
      )}
    </FormDialog>
  );
}
