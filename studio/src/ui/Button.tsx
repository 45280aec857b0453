import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './Icon.tsx';

interface Props {
  children: ComponentChildren;
  /** `primary`: the one thing to do on a page. `lit`: plays. `quiet`: everything beside it. */
  look?: 'primary' | 'lit' | 'plain' | 'quiet' | 'danger';
  icon?: IconName;
  /** At work: stays focusable, and does nothing. */
  isBusy?: boolean;
  disabled?: boolean;
  onClick?: () => void;
  type?: 'button' | 'submit';
  form?: string;
  small?: boolean;
  id?: string;
  describedBy?: string;
  /** For those who hear it without its row: begins with the words on it. */
  label?: string;
}

export function Button({ children, look = 'plain', icon, isBusy, disabled, onClick, type = 'button', small, describedBy, label, ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      class={`button button-${look}${small ? ' button-small' : ''}`}
      disabled={disabled}
      aria-disabled={isBusy || undefined}
      aria-busy={isBusy || undefined}
      aria-describedby={describedBy}
      aria-label={label}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.();
      }}
    >
      {icon && <Icon name={icon} size={20} />}
      <span>{children}</span>
    </button>
  );
}

/** A link that looks like a button. */
export function LinkButton({ href, children, look = 'plain', icon, small }: { href: string; children: ComponentChildren; look?: Props['look']; icon?: IconName; small?: boolean }) {
  return (
    <a href={href} class={`button button-${look}${small ? ' button-small' : ''}`}>
      {icon && <Icon name={icon} size={20} />}
      <span>{children}</span>
    </a>
  );
}

/** A button with an icon alone: `label` is its name. */
export function IconButton({ icon, label, onClick, pressed, disabled }: { icon: IconName; label: string; onClick: () => void; pressed?: boolean; disabled?: boolean }) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} aria-pressed={pressed} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
