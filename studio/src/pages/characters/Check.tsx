import { useId } from 'preact/hooks';

interface Props {
  label: string;
  name: string;
  checked: boolean;
  onChecked: (checked: boolean) => void;
  hint?: string;
  error?: string;
}

export function Check({ label, name, checked, onChecked, hint, error }: Props) {
  const id = useId();
  const told = error ?? hint;
  return (
    <div class="check">
      <label>
        <input type="checkbox" name={name} checked={checked} aria-describedby={told ? id : undefined} aria-invalid={error ? true : undefined} onChange={(event) => onChecked(event.currentTarget.checked)} />
        <span>{label}</span>
      </label>
      {told && <p id={id} class={error ? 'field-error' : 'field-hint'}>{told}</p>}
    </div>
  );
}
