import { useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { fieldMessages } from '../../api/errors.ts';
import { asForm } from '../../api/form.ts';
import { go, leaving, type PageProps } from '../../router.ts';
import { draft, dropDraft } from '../../state/drafts.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Failure, Problem, Skeleton } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { Consent, consentOf, missingOf, noAgreement, type Agreement } from './Consent.tsx';
import { focusWrong } from './focus.ts';
import { text } from './messages.ts';
import { Pictures } from './Pictures.tsx';
import { Sample } from './Sample.tsx';
import { FineSettings, Sharing, Traits, type TraitValues } from './Traits.tsx';
import { read, told, type Character } from './work.ts';
import './characters.css';

export default function Edit({ params }: PageProps) {
  const t = text();
  const id = params.id!;
  const found = useResource(() => read(id).catch((error) => Promise.reject(told(error))), [id]);
  const { value } = found.loaded;
  if (value.state === 'loading') return <Page title={t.edit} hidesTitle><Skeleton lines={6} /></Page>;
  if (value.state === 'failed') return <Page title={t.edit}><Failure error={value.error} onRetry={found.reload} /></Page>;
  const character = value.value;
  return (
    <Page title={t.editTitle(character.displayName)}>
      <Form key={id} character={character} />
    </Page>
  );
}

type Changes = Partial<TraitValues & Agreement> & { removedPictures?: string[] };

function Form({ character }: { character: Character }) {
  const t = text();
  const { id } = character;
  const name = `character.${id}`;
  // Only what was changed: the rest may have changed elsewhere.
  const written = draft<Changes>(name, {});
  const [sound, setSound] = useState<Blob | null>(null);
  const [pictures, setPictures] = useState<File[]>([]);
  const [isChecked, check] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const { displayName, language, voiceType, visibility, allowUse, sampleText, config } = character;
  const { speed, removeSilences } = config;
  const values = { displayName, language, voiceType, visibility, allowUse, sampleText, speed, removeSilences, ...noAgreement, ...written.value };
  const removed = written.value.removedPictures ?? [];
  const kept = Object.fromEntries(Object.entries(character.images).filter(([key]) => !removed.includes(key)));
  const change = (changes: Changes) => (written.value = { ...written.value, ...changes });
  const missing = { ...(sound && missingOf(values)), ...(!values.displayName.trim() && { displayName: t.nameMissing }) };
  const wrong: Record<string, string> = { ...fieldMessages(error), ...(isChecked && missing) };

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    check(true);
    setError(null);
    if (Object.keys(missing).length) return focusWrong(form);
    setBusy(true);
    const { relationship: _who, speaker: _speaker, isAgreed: _agreed, removedPictures: _pictures, ...traits } = written.value;
    const isForOthers = values.allowUse && values.visibility !== 'private';
    try {
      await data(
        api.PUT('/api/characters/{characterId}', {
          params: { path: { characterId: id } },
          body: {
            ...traits,
            ...(traits.displayName && { displayName: traits.displayName.trim() }),
            ...(sound && { audioFile: sound, consent: consentOf(values, isForOthers) }),
            ...(pictures.length && { newImageFiles: pictures }),
            ...(removed.length && { removeImageKeys: removed.join(',') }),
          },
          bodySerializer: asForm,
        }),
      );
      dropDraft(name);
      leaving.value = null;
      go(`/characters/${id}`, { replace: true });
      toast(t.saved);
    } catch (caught) {
      setError(told(caught));
      setBusy(false);
      focusWrong(form);
    }
  }

  return (
    <form class="making" noValidate onSubmit={(event) => void submit(event)}>
      <section>
        <h2>{t.stepWho}</h2>
        <div class="stack">
          <Traits values={values} onValues={change} wrong={wrong} />
          <Sharing values={values} onValues={change} wrong={wrong} />
        </div>
      </section>
      <section>
        <h2>{t.stepPictures}</h2>
        <p class="field-hint">{t.stepPicturesWhy}</p>
        <Pictures kept={kept} onRemoveKept={(key) => change({ removedPictures: [...removed, key] })} added={pictures} onAdded={setPictures} />
      </section>
      <section id="voice">
        <h2>{t.stepVoice}</h2>
        {!sound && character.hasAudio && <p class="field-hint">{t.keepSample}</p>}
        <Sample language={values.language} sound={sound} onSound={setSound} error={wrong.audioFile} />
      </section>
      {sound && (
        <section>
          <h2>{t.stepConsent}</h2>
          <Consent value={values} onValue={change} wrong={wrong} />
        </section>
      )}
      <FineSettings values={values} onValues={change} wrong={wrong} />
      <Problem error={Object.keys(fieldMessages(error)).length ? null : error} />
      <div class="buttons">
        <Button type="submit" look="primary" isBusy={isBusy}>{t.save}</Button>
        <LinkButton href={`/characters/${id}`} look="quiet">{t.discard}</LinkButton>
      </div>
    </form>
  );
}
