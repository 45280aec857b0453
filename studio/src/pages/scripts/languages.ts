import { api, data } from '../../api/client.ts';
import { languageName } from '../../i18n/index.ts';
import { useResource } from '../../state/resource.ts';

/** The languages that can be spoken, by name. */
export function useLanguages(): { value: string; label: string }[] {
  const offered = useResource(async () => (await data(api.GET('/api/voice/languages'))).languages);
  const { value } = offered.loaded;
  if (value.state !== 'ready') return [];
  return value.value.map(({ code }) => ({ value: code, label: languageName(code) })).sort((one, other) => one.label.localeCompare(other.label));
}
