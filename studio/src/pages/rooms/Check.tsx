import { useId } from 'preact/hooks';

/** Yes or no, with its words beside it. */
export function Check({ label, hint, value, onValue }: { label: string; hint?: string; value: boolean; onValue: (value: boolean) => void }) {
  const id = useId();
  return (
    <div class="rooms-check">
      <label>
        <input type="checkbox" checked={value} aria-describedby={hint ? id : undefined} onChange={(event) => onValue(event.currentTarget.checked)} />
        <span>{label}</span>
      </label>
      {hint && <p id={id} class="field-hint">{hint}</p>}
    </div>
  );
}
