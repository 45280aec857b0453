// A form in a dialog: saves, shows what was wrong, and closes once it is saved.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { fieldMessages } from '../api/errors.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Problem } from '../ui/States.tsx';
import { common } from './messages.ts';

interface Props<T> {
  title: string;
  /** Instead of "Save". */
  action?: string;
  save: () => Promise<T>;
  onSaved: (answer: T) => void;
  /** Closed otherwise: what was typed is kept. */
  onClose: () => void;
  /** "Cancel": what was typed is given up. */
  onCancel?: () => void;
  /** The fields, which get the API's message for each of them. */
  children: (wrong: Record<string, string>) => ComponentChildren;
}

export function FormDialog<T>({ title, action, save, onSaved, onClose, onCancel = onClose, children }: Props<T>) {
  const t = common();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(null);
    save().then(onSaved, setError).finally(() => setBusy(false));
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="form" noValidate onSubmit={submit}>
        {children(fieldMessages(error))}
        <Problem error={error} />
        <div class="dialog-actions">
          <Button onClick={onCancel}>{t.cancel}</Button>
          <Button type="submit" look="primary" isBusy={isBusy}>{action ?? t.save}</Button>
        </div>
      </form>
    </Dialog>
  );
}
