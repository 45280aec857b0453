// Who can be in a cast, and how they look.
import { api, page, type Schemas } from '../../api/client.ts';
import { known } from '../../state/config.ts';
import { useResource, type Resource } from '../../state/resource.ts';
import { LinkButton } from '../../ui/Button.tsx';
import { Problem, Skeleton } from '../../ui/States.tsx';
import { small } from '../../ui/pictures.ts';
import { text } from './messages.ts';

export type Character = Schemas['CharacterView'];

/** One's own, then those that everybody may use, most starred first. */
export function useCharacters(): Resource<Character[]> {
  return useResource(async () => {
    const [mine, public_] = await Promise.all([
      page(api.GET('/api/my-characters', { params: { query: { limit: 100 } } })),
      page(api.GET('/api/characters', { params: { query: { limit: 50, sort: 'starred' } } })),
    ]);
    const own = mine.data.characters;
    const known = new Set(own.map((each) => each.id));
    return [...own, ...public_.data.characters.filter((each) => each.allowUse && !known.has(each.id))];
  });
}

/** A picture, or the first letter. */
export function Face({ name, picture }: { name: string; picture?: string | undefined }) {
  return picture ? <img class="face" src={picture} alt="" width="40" height="40" loading="lazy" /> : <span class="face" aria-hidden="true">{[...name][0] ?? '?'}</span>;
}

export function pictureOf(character: Character | undefined): string | undefined {
  const [first] = character ? Object.values(character.images) : [];
  return first && small(first, 96);
}

interface Props {
  of: Resource<Character[]>;
  chosen: readonly string[];
  onChoose: (chosen: string[]) => void;
  /** They have lines, so they stay. */
  needed?: ReadonlySet<string>;
  error?: string | undefined;
}

export function CastPicker({ of, chosen, onChoose, needed, error }: Props) {
  const t = text();
  const { value } = of.loaded;
  return (
    <fieldset class="cast-picker">
      <legend class="field-label">{t.cast}</legend>
      {value.state === 'loading' && <Skeleton lines={2} />}
      {value.state === 'failed' && <Problem error={value.error} />}
      {value.state === 'ready' && !value.value.length && (
        <div class="cast-none">
          <p>{t.nobody}</p>
          <LinkButton href="/characters/new" small icon="add">{t.newCharacter}</LinkButton>
        </div>
      )}
      {value.state === 'ready' && value.value.length > 0 && (
        <div class="cast-choices">
          {value.value.map((each) => {
            const isChosen = chosen.includes(each.id);
            return (
              <label key={each.id} class="cast-choice">
                <input
                  type="checkbox"
                  checked={isChosen}
                  disabled={needed?.has(each.id) || (!isChosen && chosen.length >= (known.value?.limits.cast ?? Infinity))}
                  onChange={() => onChoose(isChosen ? chosen.filter((id) => id !== each.id) : [...chosen, each.id])}
                />
                <Face name={each.displayName} picture={pictureOf(each)} />
                <span class="cast-name" dir="auto">{each.displayName}{!each.isOwner && <span class="cast-by"> {t.by(each.createdByName)}</span>}</span>
              </label>
            );
          })}
        </div>
      )}
      {error && <p class="field-error" role="alert">{error}</p>}
    </fieldset>
  );
}

/** The name that a character has in the script, or now. */
export function nameOf(id: string, script: Schemas['ScriptView'], characters: Character[], other: string): string {
  return script.dialogue.find((line) => line.speaker === id)?.speakerName ?? characters.find((each) => each.id === id)?.displayName ?? other;
}
