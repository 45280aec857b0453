// What can be taken from a script: its sound, its captions, a translation.
import { useSignal } from '@preact/signals';
import type { Schemas } from '../../api/client.ts';
import { download } from '../../player/player.ts';
import { Button } from '../../ui/Button.tsx';
import { Problem } from '../../ui/States.tsx';
import { text } from './messages.ts';

export function Takeaway({ script }: { script: Schemas['ScriptView'] }) {
  const t = text();
  const error = useSignal<unknown>(null);
  const translating = useSignal<typeof import('./Translate.tsx') | null>(null);
  const Translate = translating.value?.default;
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
        </div>
      )}
      {lineCount > 0 && <Button small onClick={() => void import('./Translate.tsx').then((loaded) => (translating.value = loaded), (failed: unknown) => (error.value = failed))}>{t.translate}</Button>}
      <Problem error={error.value} />
      {Translate && <Translate script={script} onClose={() => (translating.value = null)} />}
    </>
  );
}
