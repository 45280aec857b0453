import { api, data, page, type Schemas } from '../../api/client.ts';
import { languageName } from '../../i18n/index.ts';
import { play } from '../../player/player.ts';
import { useResource } from '../../state/resource.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Choices, Field, SelectField } from '../../ui/Field.tsx';
import { Problem } from '../../ui/States.tsx';
import { text } from './messages.ts';
import { change, speech } from './work.ts';

const FORMATS: Schemas['AudioFormat'][] = ['mp3', 'wav', 'ogg', 'flac'];

export function Settings({ wrong }: { wrong: Record<string, string> }) {
  const t = text();
  const { language, voiceType, characterId, style, speed, format } = speech.value;
  const offered = useResource(async () => {
    const [{ languages }, { styles }] = await Promise.all([data(api.GET('/api/voice/languages')), data(api.GET('/api/voice/styles'))]);
    return { languages, styles };
  });
  const known = offered.loaded.value;
  const languages = known.state === 'ready' ? known.value.languages.map((each) => ({ value: each.code, label: languageName(each.code) })) : [];
  languages.sort((one, other) => one.label.localeCompare(other.label));
  if (!languages.some((each) => each.value === language)) languages.unshift({ value: language, label: languageName(language) });
  const styles = known.state === 'ready' ? known.value.styles.map((each) => ({ value: each.id, label: each.name })) : [{ value: style, label: style }];
  return (
    <aside class="speak-settings" aria-label={t.settings}>
      {known.state === 'failed' && <Problem error={known.error} />}
      <SelectField label={t.language} value={language} choices={languages} error={wrong.language} onValue={(value) => change({ language: value, voiceId: '' })} />
      {characterId ? <Cast /> : (
        <>
          <Choices
            label={t.voice}
            value={voiceType}
            choices={[{ value: 'female', label: t.female }, { value: 'male', label: t.male }, { value: 'kids', label: t.kids }]}
            onValue={(value) => change({ voiceType: value as Schemas['VoiceType'], voiceId: '' })}
          />
          <Speaker error={wrong.voiceId} />
        </>
      )}
      <SelectField label={t.style} value={style} choices={styles} error={wrong.voiceStyle} onValue={(value) => change({ style: value })} />
      <Field label={t.speed} error={wrong.speed}>
        {(tied) => (
          <div class="speed" dir="ltr">
            <input {...tied} type="range" class="range" min="0.5" max="2" step="0.05" value={speed} aria-valuetext={t.times(speed)} onInput={(event) => change({ speed: Number(event.currentTarget.value) })} />
            <output>{t.times(speed)}</output>
          </div>
        )}
      </Field>
      <Choices label={t.format} value={format} choices={FORMATS.map((each) => ({ value: each, label: each.toUpperCase() }))} onValue={(value) => change({ format: value as Schemas['AudioFormat'] })} />
    </aside>
  );
}

/** The character that speaks, and the way back to voices. */
function Cast() {
  const t = text();
  const { characterId, characterName } = speech.value;
  return (
    <div class="field">
      <p class="field-label">{t.character}</p>
      <p class="speak-cast">
        <a href={`/characters/${characterId}`} dir="auto">{characterName}</a>
        <IconButton icon="close" label={t.noCharacter} onClick={() => change({ characterId: '', characterName: '' })} />
      </p>
    </div>
  );
}

/** The voices of the language and type, each of which can be heard before. */
function Speaker({ error }: { error: string | undefined }) {
  const t = text();
  const { language, voiceType, voiceId } = speech.value;
  const voices = useResource(
    async () => (await page(api.GET('/api/voice/voices', { params: { query: { language, type: voiceType, limit: 100 } } }))).data.voices,
    [language, voiceType],
  );
  const known = voices.loaded.value;
  const listed = known.state === 'ready' ? known.value : [];
  const chosen = listed.find((each) => each.id === voiceId);
  const heard = chosen ?? listed[0];
  const names = listed.map((each) => ({ value: each.id, label: each.name }));
  if (voiceId && !chosen) names.unshift({ value: voiceId, label: voiceId });
  return (
    <div class="speaker">
      <SelectField label={t.particular} value={voiceId} choices={[{ value: '', label: t.any }, ...names]} error={error} onValue={(value) => change({ voiceId: value })} />
      {heard && (
        <IconButton
          icon="play"
          label={t.preview}
          onClick={() => void play({ id: `preview ${heard.id}`, title: t.previewOf(heard.name), about: languageName(language), source: `/api/voice/voices/${encodeURIComponent(heard.id)}/preview`, language })}
        />
      )}
    </div>
  );
}
