// The secret that requests are signed with. It can be looked at again at any time.
import { api, data } from '../../api/client.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { Loading } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';

/** `known`: an answer that has just come. */
export function Secret({ id, known, onClose }: { id: string; known?: string; onClose: () => void }) {
  const t = text();
  const secret = useResource(async () => known ?? (await data(api.GET('/api/webhooks/{webhookId}/secret', { params: { path: { webhookId: id } } }))).secret);
  const { value } = secret.loaded;
  const copy = (shown: string) => void navigator.clipboard.writeText(shown).then(() => toast(t.copied), () => toast(t.notCopied));
  return (
    <Dialog title={t.secretTitle} onClose={onClose}>
      <div class="form">
        <p>{t.secretWhy}</p>
        <Loading of={secret} lines={1}>
          {(shown) => (
            <Field label={t.secret}>
              {(tied) => <input {...tied} class="input" name="secret" dir="ltr" readOnly value={shown} onFocus={(event) => event.currentTarget.select()} />}
            </Field>
          )}
        </Loading>
      </div>
      <div class="dialog-actions">
        <Button onClick={onClose}>{t.done}</Button>
        {value.state === 'ready' && <Button look="primary" icon="copy" onClick={() => copy(value.value)}>{t.copy}</Button>}
      </div>
    </Dialog>
  );
}
