// What can be taken from a script: its sound, its captions, a translation.
import { useSignal } from '@preact/signals';
import { api, type Schemas } from '../../api/client.ts';
import { languageName } from '../../i18n/index.ts';
import { download } from '../../player/player.ts';
import { go } from '../../router.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { useLanguages } from './languages.ts';
import { text as shared } from './messages.ts';
import { text } from './takeaway-messages.ts';

export function Takeaway({ script }: { script: Schemas['ScriptView'] }) {
  const t = text();
  const error = useSignal<unknown>(null);
  const isTranslating = useSignal(false);
  const { id, title, audioUrl, captionsUrl, lineCount } = script;
  const save = (source: string, name: string) => {
    error.value = null;
    download(source, name).catch((failed: unknown) => (error.value = failed));
  };
  const captions = (format: 'srt' | 'vtt') => save(`/api/scripts/${id}/captions?format=${format}`, `${title}.${format}`);
  return (
    <>
      {(audioUrl || captionsUrl) && (
        <div class="stack">
          <p class="field-label">{t.downloads}</p>
          <div class="buttons">
            {audioUrl && <Button small icon="download" onClick={() => save(audioUrl, title)}>{t.soundFile}</Button>}
            {captionsUrl && <Button small onClick={() => captions('srt')}>SRT</Button>}
            {captionsUrl && <Button small onClick={() => captions('vtt')}>VTT</Button>}
          </div>
          <Problem error={error.value} />
        </div>
      )}
      {lineCount > 0 && <Button small onClick={() => (isTranslating.value = true)}>{t.translate}</Button>}
      {isTranslating.value && <Translate script={script} onClose={() => (isTranslating.value = false)} />}
    </>
  );
}

function Translate({ script, onClose }: { script: Schemas['ScriptView']; onClose: () => void }) {
  const t = text();
  const languages = useLanguages().filter((each) => each.value !== script.language);
  const target = useSignal('');
  const isBusy = useSignal(false);
  const error = useSignal<unknown>(null);
  const translate = async () => {
    isBusy.value = true;
    error.value = null;
    try {
      const { data: made } = await api.POST('/api/scripts/{scriptId}/translate', {
        params: { path: { scriptId: script.id } },
        body: { targetLanguage: target.value },
      });
      onClose();
      go(`/scripts/${made!.data.script.id}`);
      toast(made!.warnings?.length ? t.otherVoices(languageName(target.value)) : t.translated(languageName(target.value)));
    } catch (failed) {
      error.value = failed;
    }
    isBusy.value = false;
  };
  return (
    <Dialog title={t.translate} onClose={onClose}>
      <p>{t.translateWhy}</p>
      <SelectField label={shared().language} value={target.value} choices={[{ value: '', label: t.choose }, ...languages]} onValue={(value) => (target.value = value)} />
      <Problem error={error.value} />
      <div class="dialog-actions">
        <Button look="primary" isBusy={isBusy.value} disabled={!target.value} onClick={() => void translate()}>{isBusy.value ? t.translating : t.translateNow}</Button>
      </div>
    </Dialog>
  );
}
