import { number } from '../../i18n/index.ts';
import { Icon } from '../../ui/Icon.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';
import { setStar, starred, type Character } from './work.ts';

/** A star, shown at once, and taken back if it could not be saved. */
export function Star({ character, onChange }: { character: Character; onChange: (changed: Character) => void }) {
  const t = text();
  const click = () => {
    onChange(starred(character));
    setStar(character).catch(() => {
      onChange(character);
      toast(t.notStarred);
    });
  };
  return (
    <button type="button" class="star" aria-pressed={character.isStarred} aria-label={t.star(character.displayName)} title={t.stars(character.starred)} onClick={click}>
      <Icon name="star" size={20} />
      <span aria-hidden="true">{character.starred > 0 && number(character.starred)}</span>
    </button>
  );
}
