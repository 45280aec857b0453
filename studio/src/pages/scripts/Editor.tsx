import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { hasEnded } from '../../jobs/kinds.ts';
import { followed } from '../../jobs/follow.ts';
import { go, type PageProps } from '../../router.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Page } from '../../ui/Page.tsx';
import { Failure, Problem, Skeleton } from '../../ui/States.tsx';
import { CastPicker, Face, nameOf, pictureOf, useCharacters, type Character } from './characters.tsx';
import { Editing, load, type Script } from './editing.ts';
import { isSent } from './lines.ts';
import { Lines } from './Lines.tsx';
import { text } from './messages.ts';
import { removeScript } from './removal.ts';
import { Sound } from './Sound.tsx';
import { Takeaway } from './Takeaway.tsx';
import './scripts.css';

export default function Editor({ params }: PageProps) {
  const id = params.id!;
  const t = text();
  const read = useResource(() => load(id), [id]);
  const { value } = read.loaded;
  if (value.state === 'loading') return <Page title={t.script} hidesTitle wide><Skeleton lines={7} /></Page>;
  if (value.state === 'failed') return <Page title={t.script}><Failure error={value.error} onRetry={read.reload} /></Page>;
  return <Sheet key={id} script={value.value} />;
}

function Sheet({ script: first }: { script: Script }) {
  const t = text();
  const editing = useMemo(() => new Editing(first), []);
  const characters = useCharacters();
  const script = editing.script.value;

  useSignalEffect(() => {
    const { activeJobId } = editing.script.value;
    const progress = activeJobId ? followed.value[`script/${activeJobId}`]?.progress : null;
    if (progress && hasEnded(progress.job)) void editing.ended(progress.job);
  });
  useEffect(() => {
    // Another tab may have changed it.
    const look = () => {
      if (document.visibilityState === 'visible') void editing.reread();
    };
    // What could not be sent is sent when there is a connection again.
    const online = () => void editing.save();
    document.addEventListener('visibilitychange', look);
    addEventListener('online', online);
    return () => {
      document.removeEventListener('visibilitychange', look);
      removeEventListener('online', online);
      void editing.save();
    };
  }, []);

  const remove = () => {
    go('/scripts');
    removeScript(script, () => go(`/scripts/${script.id}`));
  };

  const listed = characters.loaded.value.state === 'ready' ? characters.loaded.value.value : [];
  return (
    <Page title={editing.title.value || t.script} hidesTitle wide>
      <div class="script" data-follows={script.activeJobId ?? undefined}>
        <header class="script-head">
          <input
            class="script-title"
            aria-label={t.scriptTitle}
            dir="auto"
            maxLength={120}
            value={editing.title.value}
            placeholder={script.title}
            onInput={(event) => editing.retitle(event.currentTarget.value)}
          />
          <Saved editing={editing} />
          <Cast editing={editing} characters={listed} of={characters} />
          <Conflict editing={editing} />
        </header>
        <Sound editing={editing} />
        <Lines editing={editing} characters={listed} />
        <div class="script-rest">
          <Takeaway script={script} />
          <Button look="quiet" small icon="delete" onClick={remove}>{t.removeScript}</Button>
        </div>
      </div>
    </Page>
  );
}

function Saved({ editing }: { editing: Editing }) {
  const t = text();
  const state = editing.saving.value;
  if (state === 'conflict') return null;
  if (state === 'failed') {
    return (
      <Problem error={editing.problem.value}>
        <Button small onClick={() => void editing.save()}>{t.saveAgain}</Button>
      </Problem>
    );
  }
  return <p class="script-saved" role="status">{state === 'saved' ? t.saved : state === 'saving' ? t.saving : t.unsaved}</p>;
}

/** Two tabs have edited the script: neither edit is lost without being asked for. */
function Conflict({ editing }: { editing: Editing }) {
  const t = text();
  if (editing.saving.value !== 'conflict') return null;
  return (
    <div class="notice" role="alert">
      <p><strong>{t.conflict}</strong> {t.conflictWhy}</p>
      <div class="buttons">
        <Button small onClick={() => void editing.settle(true)}>{t.keepMine}</Button>
        <Button small onClick={() => void editing.settle(false)}>{t.takeTheirs}</Button>
      </div>
      <Problem error={editing.problem.value} />
    </div>
  );
}

function Cast({ editing, characters, of }: { editing: Editing; characters: Character[]; of: ReturnType<typeof useCharacters> }) {
  const t = text();
  const isOpen = useSignal(false);
  const script = editing.script.value;
  return (
    <div class="script-cast" role="group" aria-label={t.cast}>
      <ul class="cast-bar">
        {script.selectedCharacters.map((id) => {
          const name = nameOf(id, script, characters, t.gone);
          return (
            <li key={id} class="cast-member">
              <Face name={name} picture={pictureOf(characters.find((each) => each.id === id))} />
              <span dir="auto">{name}</span>
            </li>
          );
        })}
      </ul>
      <Button small look="quiet" disabled={editing.isLocked.value} onClick={() => (isOpen.value = true)}>{t.changeCast}</Button>
      {isOpen.value && <Recast editing={editing} of={of} onClose={() => (isOpen.value = false)} />}
    </div>
  );
}

function Recast({ editing, of, onClose }: { editing: Editing; of: ReturnType<typeof useCharacters>; onClose: () => void }) {
  const t = text();
  const chosen = useSignal(editing.script.value.selectedCharacters);
  const error = useSignal<unknown>(null);
  const isBusy = useSignal(false);
  const needed = new Set(editing.lines.value.filter(isSent).map((line) => line.speaker));
  const save = async () => {
    isBusy.value = true;
    error.value = null;
    try {
      await editing.recast(chosen.value);
      onClose();
    } catch (failed) {
      error.value = failed;
    }
    isBusy.value = false;
  };
  return (
    <Dialog title={t.changeCast} onClose={onClose} wide>
      <CastPicker of={of} chosen={chosen.value} needed={needed} onChoose={(value) => (chosen.value = value)} error={chosen.value.length ? undefined : t.chooseCast} />
      <p class="field-hint">{t.castHint}</p>
      <Problem error={error.value} />
      <div class="dialog-actions">
        <Button look="primary" isBusy={isBusy.value} disabled={!chosen.value.length} onClick={() => void save()}>{t.save}</Button>
      </div>
    </Dialog>
  );
}
