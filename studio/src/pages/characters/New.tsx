import { useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { fieldMessages } from '../../api/errors.ts';
import { asForm } from '../../api/form.ts';
import { answered, keyFor, mark } from '../../api/idempotency.ts';
import { leaving, go } from '../../router.ts';
import { me } from '../../session/session.ts';
import { useConfig } from '../../state/config.ts';
import { draft, dropDraft } from '../../state/drafts.ts';
import { Button } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { Consent, consentOf, missingOf, noAgreement, type Agreement } from './Consent.tsx';
import { focusWrong } from './focus.ts';
import { text } from './messages.ts';
import { Pictures } from './Pictures.tsx';
import { Sample } from './Sample.tsx';
import { FineSettings, Sharing, Traits, type TraitValues } from './Traits.tsx';
import { told } from './work.ts';
import './characters.css';

const initial: TraitValues & Agreement = {
  ...noAgreement,
  displayName: '',
  language: 'en-us',
  voiceType: 'female',
  visibility: 'private',
  allowUse: false,
  speed: 1,
  removeSilences: true,
  sampleText: '',
};

export default function New() {
  const t = text();
  const written = draft('character', initial);
  const [sound, setSound] = useState<Blob | null>(null);
  const [pictures, setPictures] = useState<File[]>([]);
  const [isChecked, check] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const values = written.value;
  const engines = useConfig()?.engines;
  const change = (changes: Partial<typeof initial>) => (written.value = { ...written.value, ...changes });
  const missing = {
    ...(!sound && { audioFile: t.sampleMissing }),
    ...missingOf(values),
    ...(!values.displayName.trim() && { displayName: t.nameMissing }),
  };
  const wrong = { ...fieldMessages(error), ...(isChecked && missing) };

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    check(true);
    setError(null);
    if (Object.keys(missing).length || !sound) return focusWrong(form);
    setBusy(true);
    const { displayName, language, voiceType, visibility, speed, removeSilences, sampleText } = values;
    const allowUse = values.allowUse && visibility !== 'private';
    const traits = {
      displayName: displayName.trim(),
      consent: consentOf(values, allowUse),
      language,
      voiceType,
      speed,
      removeSilences,
      // Guests' characters are private; everybody else's are public unless they say otherwise.
      ...(!me.value?.isGuest && { visibility, allowUse }),
      ...(sampleText.trim() && { sampleText: sampleText.trim() }),
    };
    const key = keyFor('character', [traits, mark(sound), pictures.map(mark)]);
    try {
      const { character } = await data(
        api.POST('/api/characters/complete', {
          params: { header: { 'Idempotency-Key': key } },
          body: { ...traits, audioFile: sound, imageFiles: pictures },
          bodySerializer: asForm,
        }),
      );
      answered('character');
      dropDraft('character');
      leaving.value = null;
      go(`/characters/${character.id}`, { replace: true });
      toast(t.created(character.displayName));
    } catch (caught) {
      setError(told(caught));
      setBusy(false);
      focusWrong(form);
    }
  }

  return (
    <Page title={t.newTitle} lead={t.newLead}>
      <form class="making" noValidate onSubmit={(event) => void submit(event)}>
        <section>
          <h2>{t.stepVoice}</h2>
          {engines && !engines.some((each) => each.cloning) && <p class="field-hint">{t.notCloned}</p>}
          <Sample language={values.language} sound={sound} onSound={setSound} error={wrong.audioFile} />
        </section>
        <section>
          <h2>{t.stepConsent}</h2>
          <Consent value={values} onValue={change} wrong={wrong} />
        </section>
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
          <Pictures added={pictures} onAdded={setPictures} />
        </section>
        <FineSettings values={values} onValues={change} wrong={wrong} />
        <Problem error={Object.keys(fieldMessages(error)).length ? null : error} />
        <div class="buttons">
          <Button type="submit" look="primary" isBusy={isBusy}>{t.create}</Button>
        </div>
      </form>
    </Page>
  );
}
