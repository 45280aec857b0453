// A control with its label, its hint and its error. `children` gets what ties them together.
import { useId } from 'preact/hooks';
import type { ComponentChildren } from 'preact';

interface Tied {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
}

interface Props {
  label: string;
  hint?: string;
  error?: string;
  /** Only screen readers get the label. */
  hidesLabel?: boolean;
  children: (tied: Tied) => ComponentChildren;
}

export function Field({ label, hint, error, hidesLabel, children }: Props) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class="field" data-invalid={error ? true : undefined}>
      <label for={id} class={hidesLabel ? 'visually-hidden' : 'field-label'}>{label}</label>
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined })}
      {hint && <p id={`${id}-hint`} class="field-hint">{hint}</p>}
      {error && <p id={`${id}-error`} class="field-error">{error}</p>}
    </div>
  );
}

interface Input {
  name?: string;
  type?: 'text' | 'email' | 'password' | 'number' | 'search' | 'tel' | 'url' | 'date';
  autocomplete?: string;
  inputMode?: 'text' | 'numeric' | 'decimal' | 'email' | 'search';
  dir?: 'auto' | 'ltr';
  lang?: string;
  placeholder?: string;
  maxLength?: number;
  min?: number;
  max?: number;
  step?: number;
  disabled?: boolean;
}
interface TextFieldProps extends Input {
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: string;
  error?: string;
}

export function TextField({ label, value, onValue, hint, error, ...rest }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(tied) => <input {...(rest as object)} {...tied} class="input" value={value} onInput={(event) => onValue(event.currentTarget.value)} />}
    </Field>
  );
}

interface Choice {
  value: string;
  label: string;
}

interface SelectFieldProps {
  label: string;
  value: string;
  choices: readonly Choice[];
  onValue: (value: string) => void;
  hint?: string;
  error?: string;
  disabled?: boolean;
}

/** `selected` is on the options: a select whose options come later would keep its first one. */
export function SelectField({ label, value, choices, onValue, hint, error, disabled }: SelectFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(tied) => (
        <select {...tied} class="input" disabled={disabled} onChange={(event) => onValue(event.currentTarget.value)}>
          {choices.map((each) => <option key={each.value} value={each.value} selected={each.value === value}>{each.label}</option>)}
        </select>
      )}
    </Field>
  );
}

/** Few choices, all of them in sight. */
export function Choices({ label, value, choices, onValue }: { label: string; value: string; choices: readonly Choice[]; onValue: (value: string) => void }) {
  const name = useId();
  return (
    <fieldset class="choices">
      <legend class="field-label">{label}</legend>
      <div class="choices-row">
        {choices.map((each) => (
          <label key={each.value} class="choice">
            <input type="radio" name={name} value={each.value} checked={each.value === value} onChange={() => onValue(each.value)} />
            <span>{each.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
