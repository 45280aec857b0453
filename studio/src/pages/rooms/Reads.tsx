// The languages that rooms translate into.
import { api, data } from '../../api/client.ts';
import { languageName, locale } from '../../i18n/index.ts';
import { me } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { SelectField } from '../../ui/Field.tsx';
import { text } from './messages.ts';

/** What somebody probably reads: "pt" for "pt-br". */
export const ownLanguage = (): string => (me.value?.language || locale.value).split('-')[0]!;

export function Reads({ value, onValue, error }: { value: string; onValue: (value: string) => void; error?: string }) {
  const offered = useResource(async () => (await data(api.GET('/api/translation/languages'))).languages.filter((each) => each.target).map((each) => each.code));
  const { value: known } = offered.loaded;
  const codes = known.state === 'ready' ? known.value : [];
  const choices = (codes.includes(value) ? codes : [...codes, value])
    .map((code) => ({ value: code, label: languageName(code) }))
    .sort((one, other) => one.label.localeCompare(other.label));
  return <SelectField label={text().reads} value={value} choices={choices} onValue={onValue} error={error} />;
}
