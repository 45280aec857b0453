// Making a script of the same in another language; loaded when it is asked for.
import { useSignal } from '@preact/signals';
import { api, type Schemas } from '../../api/client.ts';
import { languageName } from '../../i18n/index.ts';
import { go } from '../../router.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { useLanguages } from './languages.ts';
import { text as shared } from './messages.ts';
import { text } from './translate-messages.ts';

export default function Translate({ script, onClose }: { script: Schemas['ScriptView']; onClose: () => void }) {
  const t = { ...shared(), ...text() };
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
      <SelectField label={t.language} value={target.value} choices={[{ value: '', label: t.choose }, ...languages]} onValue={(value) => (target.value = value)} />
      <Problem error={error.value} />
      <div class="dialog-actions">
        <Button look="primary" isBusy={isBusy.value} disabled={!target.value} onClick={() => void translate()}>{isBusy.value ? t.translating : t.translateNow}</Button>
      </div>
    </Dialog>
  );
}
