// Who a character is: the fields that making and editing share.
import type { Schemas } from '../../api/client.ts';
import { me } from '../../session/session.ts';
import { Choices, Field, TextField } from '../../ui/Field.tsx';
import { LanguageField } from '../../ui/LanguageField.tsx';
import { Check } from './Check.tsx';
import { text } from './messages.ts';

const VOICES = ['female', 'male', 'kids'] as const;
const VISIBILITIES = ['private', 'unlisted', 'public'] as const;

export interface TraitValues {
  displayName: string;
  language: string;
  voiceType: Schemas['VoiceType'];
  visibility: Schemas['Visibility'];
  allowUse: boolean;
  speed: number;
  removeSilences: boolean;
  sampleText: string;
}

interface Props {
  values: TraitValues;
  onValues: (changes: Partial<TraitValues>) => void;
  wrong: Record<string, string>;
}

export function Traits({ values, onValues, wrong }: Props) {
  const t = text();
  return (
    <>
      <TextField label={t.name} name="displayName" dir="auto" maxLength={80} value={values.displayName} onValue={(displayName) => onValues({ displayName })} error={wrong.displayName} />
      <LanguageField value={values.language} onValue={(language) => onValues({ language })} error={wrong.language} />
      <Choices label={t.voice} value={values.voiceType} choices={VOICES.map((each) => ({ value: each, label: t[each] }))} onValue={(voiceType) => onValues({ voiceType: voiceType as TraitValues['voiceType'] })} />
    </>
  );
}

export function Sharing({ values, onValues, wrong }: Props) {
  const t = text();
  if (me.value?.isGuest) return <p class="field-hint">{t.guest}</p>;
  return (
    <>
      <div class="field">
        <Choices label={t.sharing} value={values.visibility} choices={VISIBILITIES.map((each) => ({ value: each, label: t[each] }))} onValue={(visibility) => onValues({ visibility: visibility as TraitValues['visibility'] })} />
        <p class="field-hint">{t[`${values.visibility}Why`]}</p>
      </div>
      {values.visibility !== 'private' && <Check label={t.allowUse} name="allowUse" hint={t.allowUseWhy} checked={values.allowUse} onChecked={(allowUse) => onValues({ allowUse })} error={wrong.allowUse} />}
    </>
  );
}

export function FineSettings({ values, onValues, wrong }: Props) {
  const t = text();
  return (
    <details class="fine" open={Boolean(wrong.speed ?? wrong.sampleText) || undefined}>
      <summary>{t.settings}</summary>
      <div class="stack">
        <Field label={t.speedLabel} error={wrong.speed}>
          {(tied) => (
            <div class="fine-speed" dir="ltr">
              <input {...tied} type="range" class="range" min="0.5" max="2" step="0.05" value={values.speed} aria-valuetext={t.times(values.speed)} onInput={(event) => onValues({ speed: Number(event.currentTarget.value) })} />
              <output>{t.times(values.speed)}</output>
            </div>
          )}
        </Field>
        <Check label={t.removeSilences} name="removeSilences" checked={values.removeSilences} onChecked={(removeSilences) => onValues({ removeSilences })} />
        <Field label={t.sampleText} hint={t.sampleTextHint} error={wrong.sampleText}>
          {(tied) => <textarea {...tied} class="input" dir="auto" lang={values.language} maxLength={2000} value={values.sampleText} onInput={(event) => onValues({ sampleText: event.currentTarget.value })} />}
        </Field>
      </div>
    </details>
  );
}
