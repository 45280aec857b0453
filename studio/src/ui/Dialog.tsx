// The browser's own modal dialog: it keeps the focus, gives it back, and closes by Escape.
import { useEffect, useId, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { messages } from '../i18n/index.ts';
import { Button, IconButton } from './Button.tsx';

const text = messages({ close: 'Close', cancel: 'Cancel' }, { close: 'إغلاق', cancel: 'إلغاء' });

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  wide?: boolean;
}

/** Open as long as it is rendered. */
export function Dialog({ title, onClose, children, wide }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    dialog.current?.showModal();
    return () => dialog.current?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog${wide ? ' dialog-wide' : ''}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="dialog-box">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <IconButton icon="close" label={text().close} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** Asks before something that cannot be undone. `action` names what is done: "Delete the account". */
export function Confirm({ title, children, action, onConfirm, onClose, isBusy }: { title: string; children: ComponentChildren; action: string; onConfirm: () => void; onClose: () => void; isBusy?: boolean }) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="stack">{children}</div>
      <div class="dialog-actions">
        <Button onClick={onClose}>{text().cancel}</Button>
        <Button look="danger" isBusy={isBusy} onClick={onConfirm}>{action}</Button>
      </div>
    </Dialog>
  );
}
