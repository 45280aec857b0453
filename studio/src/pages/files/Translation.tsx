// What is said, in another language.
import { useSignal } from '@preact/signals';
import { api, data } from '../../api/client.ts';
import { languageName, locale } from '../../i18n/index.ts';
import { me } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { languageChoices, mainLanguage, translated } from '../../ui/languages.ts';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';
import { parts } from './parts.ts';

const MOST = 9000; // characters of one request

export function Translation({ said, from }: { said: string; from: string }) {
  const t = text();
  const offered = useResource(translated);
  const known = offered.loaded.value;
  const chosen = useSignal('');
  const isBusy = useSignal(false);
  const error = useSignal<unknown>(null);
  const result = useSignal<{ text: string; language: string } | null>(null);
  if (known.state === 'failed') return <Problem error={known.error}><Button small onClick={offered.reload}>{t.again}</Button></Problem>;
  if (known.state !== 'ready' || !known.value.sources.includes(mainLanguage(from))) return null;
  const targets = known.value.targets.filter((each) => each !== mainLanguage(from));
  if (!targets.length) return null;
  const own = [mainLanguage(me.value?.language || ''), locale.value].find((each) => targets.includes(each));
  const target = chosen.value || own || targets[0]!;
  const translate = async () => {
    isBusy.value = true;
    error.value = null;
    try {
      const made: string[] = [];
      for (const part of parts(said, MOST)) {
        const body = { text: part, targetLanguage: target, sourceLanguage: mainLanguage(from) };
        made.push((await data(api.POST('/api/translation/translate', { body }))).text);
      }
      result.value = { text: made.join('\n\n'), language: target };
    } catch (failed) {
      error.value = failed;
    }
    isBusy.value = false;
  };
  return (
    <section class="said-other" aria-label={t.translation}>
      <div class="said-into">
        <SelectField label={t.translateInto} value={target} choices={languageChoices(targets)} onValue={(value) => (chosen.value = value)} />
        <Button isBusy={isBusy.value} onClick={() => void translate()}>{isBusy.value ? t.translating : t.translate}</Button>
      </div>
      <Problem error={error.value} />
      <div role="status">
        {result.value && (
          <>
            <p class="field-label">{languageName(result.value.language)}</p>
            <p class="said-translated" dir="auto" lang={result.value.language}>{result.value.text}</p>
          </>
        )}
      </div>
      {result.value && <Button small icon="copy" onClick={() => navigator.clipboard.writeText(result.value!.text).then(() => toast(t.copied), () => toast(t.notCopied))}>{t.copy}</Button>}
    </section>
  );
}
