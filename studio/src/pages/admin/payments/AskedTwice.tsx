// A form, and then the question whether that is what is meant. Without fields, the question alone.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../../../api/errors.ts';
import { FormDialog } from '../../../manage/FormDialog.tsx';
import { common } from '../../../manage/messages.ts';
import { Button } from '../../../ui/Button.tsx';
import { Dialog } from '../../../ui/Dialog.tsx';
import { Problem } from '../../../ui/States.tsx';
import { text } from './messages.ts';

interface Props {
  title: string;
  /** What is done: "Refund". */
  action: string;
  /** Why the form cannot be sent as it is; empty if it can. */
  wrong?: string;
  /** What will happen, with the amount. */
  sure: ComponentChildren;
  /** Takes something away from somebody. */
  takes?: boolean;
  act: () => Promise<unknown>;
  onDone: () => void;
  onClose: () => void;
  children?: ComponentChildren;
}

export function AskedTwice({ title, action, wrong, sure, takes, act, onDone, onClose, children }: Props) {
  const [isAsked, setAsked] = useState(!children);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (!isAsked) {
    const check = async () => {
      if (wrong) throw new ApiError('wrong_form', wrong);
    };
    return <FormDialog title={title} action={text().goOn} save={check} onSaved={() => setAsked(true)} onClose={onClose}>{() => children}</FormDialog>;
  }
  const back = () => {
    setError(null);
    if (children) setAsked(false);
    else onClose();
  };
  const confirm = () => {
    setBusy(true);
    setError(null);
    act().then(onDone, setError).finally(() => setBusy(false));
  };
  return (
    <Dialog title={title} onClose={back}>
      <div class="stack">
        {sure}
        <Problem error={error} />
      </div>
      <div class="dialog-actions">
        <Button onClick={back}>{common().cancel}</Button>
        <Button look={takes ? 'danger' : 'primary'} isBusy={isBusy} onClick={confirm}>{action}</Button>
      </div>
    </Dialog>
  );
}
