import { useEffect } from 'preact/hooks';
import { useResource } from '../../state/resource.ts';
import { IconButton } from '../../ui/Button.tsx';
import { toast } from '../../ui/toasts.tsx';
import { size } from './files.ts';
import { text } from './messages.ts';
import { abandon, isOf, unfinished } from './resumable.ts';
import { onEnding, uploads } from './uploads.ts';

/** What was being uploaded before the page was left. Nothing is shown while that is not known. */
export function Unfinished() {
  const t = text();
  const listed = useResource(unfinished);
  useEffect(() => onEnding(listed.reload), []);
  const { value } = listed.loaded;
  const left = value.state === 'ready' ? value.value.filter((each) => !uploads.value.some(({ file }) => isOf(each, file))) : [];
  if (left.length === 0) return null;
  const discard = (id: string) => void abandon(id).then(listed.reload, () => toast(t.notRemoved));
  return (
    <ul class="rows" aria-label={t.unfinished}>
      {left.map(({ id, name, size: bytes }) => (
        <li key={id} class="sending">
          <p class="sending-name"><bdi>{name}</bdi></p>
          <p class="row-about">{t.goOn(size(bytes))}</p>
          <div class="sending-ways">
            <IconButton icon="close" label={t.discard(name)} onClick={() => discard(id)} />
          </div>
        </li>
      ))}
    </ul>
  );
}
