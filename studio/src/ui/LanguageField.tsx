// The languages that can be spoken, by their names in the language of the interface.
import { api, data } from '../api/client.ts';
import { languageName, messages } from '../i18n/index.ts';
import { useResource } from '../state/resource.ts';
import { SelectField } from './Field.tsx';

const text = messages({ language: 'Language' }, { language: 'اللغة' });

export function LanguageField({ value, onValue, error, hint }: { value: string; onValue: (value: string) => void; error?: string; hint?: string }) {
  const offered = useResource(async () => (await data(api.GET('/api/voice/languages'))).languages.map((each) => each.code));
  const { value: known } = offered.loaded;
  const codes = known.state === 'ready' ? known.value : [];
  const choices = (codes.includes(value) ? codes : [...codes, value])
    .map((code) => ({ value: code, label: languageName(code) }))
    .sort((one, other) => one.label.localeCompare(other.label));
  return <SelectField label={text().language} value={value} choices={choices} onValue={onValue} error={error} hint={hint} />;
}
