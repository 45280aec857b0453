// Languages as choices, by their names in the language of the interface.
import { api, data } from '../api/client.ts';
import { languageName } from '../i18n/index.ts';

export const languageChoices = (codes: readonly string[]): { value: string; label: string }[] =>
  codes.map((code) => ({ value: code, label: languageName(code) })).sort((one, other) => one.label.localeCompare(other.label));

/** Codes of the languages that can be spoken: "pt-br". */
export const spoken = async (): Promise<string[]> => (await data(api.GET('/api/voice/languages'))).languages.map((each) => each.code);

/** Codes of the languages that can be translated: "pt". */
export async function translated(): Promise<{ sources: string[]; targets: string[] }> {
  const { languages } = await data(api.GET('/api/translation/languages'));
  const codes = (is: 'source' | 'target') => languages.filter((each) => each[is]).map((each) => each.code);
  return { sources: codes('source'), targets: codes('target') };
}

/** "pt" for "pt-br". */
export const mainLanguage = (code: string): string => code.split('-')[0]!;
