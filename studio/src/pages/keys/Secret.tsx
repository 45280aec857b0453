// The whole key, which the API shows once. It is closed by accident at most once.
import { useState } from 'preact/hooks';
import type { Schemas } from '../../api/client.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';

export function Secret({ made, onClose }: { made: Schemas['KeySecret']; onClose: () => void }) {
  const t = text();
  const [isCopied, setCopied] = useState(false);
  const [isWarned, setWarned] = useState(false);
  const copied = () => {
    setCopied(true);
    setWarned(false);
  };
  const copy = () => void navigator.clipboard.writeText(made.secret).then(() => { copied(); toast(t.copied); }, () => {});
  const close = () => (isCopied || isWarned ? onClose() : setWarned(true));
  return (
    <Dialog title={t.secretTitle(made.key.name)} onClose={close}>
      <div class="form">
        <p>{t.secretWhy}</p>
        <Field label={t.secret}>
          {(tied) => <input {...tied} class="input" name="secret" dir="ltr" readOnly value={made.secret} onFocus={(event) => event.currentTarget.select()} onCopy={copied} />}
        </Field>
        {isWarned && <p role="alert" class="field-error">{t.notCopied}</p>}
      </div>
      <div class="dialog-actions">
        <Button onClick={close}>{t.done}</Button>
        <Button look="primary" icon="copy" onClick={copy}>{t.copy}</Button>
      </div>
    </Dialog>
  );
}
