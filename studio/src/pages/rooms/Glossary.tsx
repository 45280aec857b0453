// How the room translates its own words.
import { useRef, useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { languageName } from '../../i18n/index.ts';
import { draft, dropDraft } from '../../state/drafts.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { Check } from './Check.tsx';
import { text } from './manage-messages.ts';

type Term = Schemas['TermView'];
const MOST = 200;
const BLANK: Term = { source: '', keep: false, caseSensitive: false, targets: {} };

export function Glossary({ roomId, languages }: { roomId: string; languages: string[] }) {
  const t = text();
  const found = useResource(async () => (await data(api.GET('/api/rooms/{roomId}/glossary', { params: { path: { roomId } } }))).terms, [roomId]);
  return (
    <section class="stack">
      <h2>{t.glossary}</h2>
      <p class="field-hint">{t.glossaryWhy}</p>
      <Loading of={found} lines={2}>{(terms) => <Terms roomId={roomId} languages={languages} saved={terms} onSaved={(now) => found.change(() => now)} />}</Loading>
    </section>
  );
}

function Terms({ roomId, languages, saved, onSaved }: { roomId: string; languages: string[]; saved: Term[]; onSaved: (terms: Term[]) => void }) {
  const t = text();
  const name = `room.glossary.${roomId}`;
  const kept = draft<{ terms: Term[] | null }>(name, { terms: null });
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const list = useRef<HTMLUListElement>(null);
  const terms = kept.value.terms ?? saved;
  const put = (changed: Term[]) => {
    kept.value = { terms: changed };
  };
  const change = (place: number, changed: Partial<Term>) => put(terms.map((each, other) => (other === place ? { ...each, ...changed } : each)));
  const save = (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(null);
    const body = {
      terms: terms
        .filter((each) => each.source.trim())
        .map(({ source, keep, caseSensitive, targets }) => ({ source: source.trim(), keep, caseSensitive, targets: keep ? {} : Object.fromEntries(Object.entries(targets).filter(([, said]) => said.trim())) })),
    };
    data(api.PUT('/api/rooms/{roomId}/glossary', { params: { path: { roomId } }, body }))
      .then((now) => {
        dropDraft(name);
        onSaved(now.terms);
        toast(t.saved);
      }, setError)
      .finally(() => setBusy(false));
  };
  const add = () => {
    put([...terms, BLANK]);
    requestAnimationFrame(() => list.current?.lastElementChild?.querySelector('input')?.focus());
  };
  return (
    <form class="stack rooms-terms" noValidate onSubmit={save}>
      {terms.length === 0 && <p>{t.noTerms}</p>}
      <ul ref={list}>
        {terms.map((term, place) => (
          <li key={place} class="rooms-term">
            <div class="rooms-term-head">
              <TextField label={t.term} dir="auto" maxLength={60} value={term.source} onValue={(source) => change(place, { source })} />
              <IconButton icon="delete" label={t.removeTerm(term.source)} onClick={() => put(terms.filter((_, other) => other !== place))} />
            </div>
            <div class="rooms-term-checks">
              <Check label={t.keep} value={term.keep} onValue={(keep) => change(place, { keep })} />
              <Check label={t.caseSensitive} value={term.caseSensitive} onValue={(caseSensitive) => change(place, { caseSensitive })} />
            </div>
            {!term.keep && (
              <div class="rooms-term-targets">
                {[...new Set([...languages, ...Object.keys(term.targets)])].map((code) => (
                  <TextField key={code} label={t.inLanguage(languageName(code))} dir="auto" lang={code} maxLength={60} value={term.targets[code] ?? ''} onValue={(said) => change(place, { targets: { ...term.targets, [code]: said } })} />
                ))}
              </div>
            )}
          </li>
        ))}
      </ul>
      {terms.length < MOST && <Button icon="add" small onClick={add}>{t.addTerm}</Button>}
      <Problem error={error} />
      {(terms.length > 0 || saved.length > 0) && <Button type="submit" isBusy={isBusy}>{t.saveTerms}</Button>}
    </form>
  );
}
