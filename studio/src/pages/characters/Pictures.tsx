import { useEffect, useRef, useState } from 'preact/hooks';
import { useConfig } from '../../state/config.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { text } from './messages.ts';

const MEGABYTE = 1024 * 1024;

interface Props {
  /** Those that the character has, by their keys. */
  kept?: Record<string, string>;
  onRemoveKept?: (key: string) => void;
  added: readonly File[];
  onAdded: (files: File[]) => void;
}

export function Pictures({ kept = {}, onRemoveKept, added, onAdded }: Props) {
  const t = text();
  const input = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState('');
  const links = useLinks(added);
  const before = Object.entries(kept);
  const limits = useConfig()?.limits;
  // Unlimited here until the server has said: it looks at them, too.
  const room = (limits?.images ?? Infinity) - before.length - added.length;
  const largest = limits?.imageBytes ?? Infinity;
  const choose = (files: File[]) => {
    const good = files.filter((each) => each.type.startsWith('image/') && each.size <= largest);
    const isKind = files.every((each) => each.type.startsWith('image/'));
    setWrong(good.length === files.length ? '' : isKind ? t.tooLarge(largest / MEGABYTE) : t.notPicture);
    onAdded([...added, ...good.slice(0, room)]);
  };
  return (
    <div class="stack add-pictures">
      <ul class="pictures">
        {before.map(([key, link], place) => (
          <li key={key}>
            <img class="portrait" src={link} alt={t.picture(place + 1)} />
            <IconButton icon="close" label={t.removePicture(place + 1)} onClick={() => onRemoveKept?.(key)} />
          </li>
        ))}
        {links.map((link, place) => (
          <li key={link}>
            <img class="portrait" src={link} alt={t.picture(before.length + place + 1)} />
            <IconButton icon="close" label={t.removePicture(before.length + place + 1)} onClick={() => onAdded(added.filter((_, each) => each !== place))} />
          </li>
        ))}
      </ul>
      <input ref={input} hidden type="file" accept="image/*" multiple onChange={(event) => { choose([...(event.currentTarget.files ?? [])]); event.currentTarget.value = ''; }} />
      <Button small icon="add" disabled={room <= 0} onClick={() => input.current?.click()}>{t.addPictures}</Button>
      {wrong && <p class="field-error" role="alert">{wrong}</p>}
    </div>
  );
}

function useLinks(files: readonly File[]): string[] {
  const [links, setLinks] = useState<string[]>([]);
  useEffect(() => {
    const made = files.map((file) => URL.createObjectURL(file));
    setLinks(made);
    return () => made.forEach((link) => URL.revokeObjectURL(link));
  }, [files]);
  return links;
}
