import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { ApiError, fieldMessages } from '../../api/errors.ts';
import { go } from '../../router.ts';
import { useConfig } from '../../state/config.ts';
import { draft } from '../../state/drafts.ts';
import { Button } from '../../ui/Button.tsx';
import { Choices, Field, SelectField, TextField } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Problem } from '../../ui/States.tsx';
import { CastPicker, useCharacters } from './characters.tsx';
import { useLanguages } from './languages.ts';
import { text as shared } from './messages.ts';
import { text } from './new-messages.ts';
import './scripts.css';

type Way = 'blank' | 'screenplay' | 'writer';

const beginning = {
  way: 'blank' as Way,
  title: '',
  cast: [] as string[],
  screenplay: '',
  prompt: '',
  lines: 12,
  language: '',
};

export const written = draft('new-script', beginning);

const change = (changes: Partial<typeof beginning>): void => {
  written.value = { ...written.value, ...changes };
};

async function create(): Promise<Schemas['ScriptView']> {
  const { way, title, cast, screenplay, prompt, lines, language } = written.value;
  const selectedCharacters = cast;
  const send = <B,>(body: B) => ({ body, params: { header: { 'Idempotency-Key': keyFor('script', body) } } });
  if (way === 'writer') return (await data(api.POST('/api/scripts/generate', send({ selectedCharacters, prompt: prompt.trim(), lines, ...(language && { language }) })))).script;
  const named = { selectedCharacters, ...(title.trim() && { title: title.trim() }) };
  return (await data(api.POST('/api/scripts', send(way === 'screenplay' ? { ...named, screenplay } : { ...named, dialogue: [] })))).script;
}

export default function NewScript() {
  const t = { ...shared(), ...text() };
  const [problem, setProblem] = useState<unknown>(null);
  const [missing, setMissing] = useState<Record<string, string>>({});
  const [isBusy, setBusy] = useState(false);
  const characters = useCharacters();
  const config = useConfig();
  const { way, cast, screenplay, prompt } = written.value;
  const hasWriter = config?.features.scriptWriter !== false;
  const faults = problem instanceof ApiError && problem.code === 'invalid_dialogue' ? ((problem.details.lines ?? []) as Schemas['InvalidLine'][]) : [];
  const wrong: Record<string, string | undefined> = { ...fieldMessages(problem), ...missing };

  // Somebody who was chosen once may be gone by now.
  const listed = characters.loaded.value;
  const there = listed.state === 'ready' ? cast.filter((id) => listed.value.some((each) => each.id === id)) : cast;

  const submit = async () => {
    if (isBusy) return;
    const gaps: Record<string, string> = {};
    if (!there.length) gaps.selectedCharacters = t.chooseCast;
    if (way === 'screenplay' && !screenplay.trim()) gaps.screenplay = t.writeScreenplay;
    if (way === 'writer' && !prompt.trim()) gaps.prompt = t.writePrompt;
    setMissing(gaps);
    setProblem(null);
    if (Object.keys(gaps).length) return;
    setBusy(true);
    change({ cast: there });
    try {
      const script = await create();
      answered('script');
      written.value = { ...beginning, cast: there };
      go(`/scripts/${script.id}`);
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };

  return (
    <Page title={t.newScript} lead={t.newLead}>
      <form
        class="new-script"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void submit();
        }}
      >
        <Choices
          label={t.way}
          value={way}
          choices={[{ value: 'blank', label: t.blank }, { value: 'screenplay', label: t.screenplay }, { value: 'writer', label: t.writer }]}
          onValue={(value) => change({ way: value as Way })}
        />
        <CastPicker of={characters} chosen={there} onChoose={(value) => change({ cast: value })} error={wrong.selectedCharacters} />
        {way !== 'writer' && <TextField label={t.scriptTitle} hint={t.titleHint} dir="auto" maxLength={120} value={written.value.title} error={wrong.title} onValue={(title) => change({ title })} />}
        {way === 'screenplay' && (
          <Field label={t.screenplay} hint={t.screenplayHint} error={wrong.screenplay}>
            {(tied) => <textarea {...tied} class="input screenplay" dir="auto" rows={12} placeholder={t.screenplayExample} value={screenplay} onInput={(event) => change({ screenplay: event.currentTarget.value })} />}
          </Field>
        )}
        {way === 'writer' && (hasWriter ? <Writer wrong={wrong} /> : <p class="notice">{t.noWriter}</p>)}
        {faults.length > 0 ? (
          <div class="problem" role="alert">
            <p>{t.faulty}</p>
            <ul class="faults">{faults.slice(0, 8).map((each) => <li key={each.line}><strong>{t.lineNumber(each.line)}</strong> <span dir="auto">{each.message}</span></li>)}</ul>
          </div>
        ) : (
          Object.keys(fieldMessages(problem)).length === 0 && <Problem error={problem} />
        )}
        <div class="new-go">
          <Button type="submit" look="primary" isBusy={isBusy} disabled={way === 'writer' && !hasWriter}>{way === 'writer' ? (isBusy ? t.writing : t.write) : t.create}</Button>
          {way === 'writer' && hasWriter && <p class="field-hint">{t.writerHint}</p>}
        </div>
      </form>
    </Page>
  );
}

/** What a model is asked to write. */
function Writer({ wrong }: { wrong: Record<string, string | undefined> }) {
  const t = { ...shared(), ...text() };
  const { prompt, lines, language } = written.value;
  const most = useConfig()?.limits.writtenLines;
  const languages = useLanguages();
  return (
    <>
      <Field label={t.prompt} error={wrong.prompt}>
        {(tied) => <textarea {...tied} class="input" dir="auto" rows={5} maxLength={4000} placeholder={t.promptExample} value={prompt} onInput={(event) => change({ prompt: event.currentTarget.value })} />}
      </Field>
      <div class="two">
        <TextField label={t.lines} type="number" inputMode="numeric" min={1} max={most} value={String(lines)} error={wrong.lines} onValue={(value) => change({ lines: Math.min(most ?? Infinity, Math.max(1, Number(value) || 1)) })} />
        <SelectField label={t.language} value={language} choices={[{ value: '', label: t.asPrompt }, ...languages]} error={wrong.language} onValue={(value) => change({ language: value })} />
      </div>
    </>
  );
}
