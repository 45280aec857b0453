// What is said about a call or its recording. Comments of the company are for itself unless it says otherwise.
import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { clock, date } from '../../i18n/index.ts';
import { me } from '../../session/session.ts';
import { draft } from '../../state/drafts.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { More } from '../../ui/More.tsx';
import { isThere, remove } from '../../ui/removal.ts';
import { Loading, Problem } from '../../ui/States.tsx';
import { text } from './call-messages.ts';
import { Check } from './Check.tsx';

type Comment = Schemas['CommentView'];
interface Listed {
  comments: Comment[];
  next: string | undefined;
}

interface Props {
  kind: 'call' | 'recording';
  id: string;
  /** For what has a length: the place that is shown now, and how to get to another one. */
  at?: () => number;
  onSeek?: (seconds: number) => void;
}

async function load(subjectKind: Props['kind'], subjectId: string, cursor?: string): Promise<Listed> {
  const query = { subjectKind, subjectId, limit: 25, ...(cursor && { cursor }) };
  const { data, meta } = await page(api.GET('/api/comments', { params: { query } }));
  return { comments: data.comments, next: meta.nextCursor };
}

export function Comments({ kind, id, at, onSeek }: Props) {
  const t = text();
  const listed = useResource(() => load(kind, id), [kind, id]);
  return (
    <div class="stack calls-form call-comments">
      <Add kind={kind} id={id} at={at} onAdded={(comment) => listed.change((value) => ({ ...value, comments: [comment, ...value.comments.filter((each) => each.id !== comment.id)] }))} />
      <Loading of={listed} lines={2}>
        {({ comments, next }) => {
          const shown = comments.filter(isThere);
          return (
            <>
              {shown.length === 0 ? <p class="field-hint">{t.noComments}</p> : <ul class="rows">{shown.map((each) => <Row key={each.id} comment={each} onSeek={onSeek} />)}</ul>}
              {next && <More load={() => load(kind, id, next)} onMore={(more) => listed.change((value) => ({ comments: [...value.comments, ...more.comments], next: more.next }))} />}
            </>
          );
        }}
      </Loading>
    </div>
  );
}

function Row({ comment, onSeek }: { comment: Comment; onSeek: Props['onSeek'] }) {
  const t = text();
  const { atSeconds } = comment;
  const drop = () => remove(comment.id, t, () => api.DELETE('/api/comments/{commentId}', { params: { path: { commentId: comment.id } } }));
  return (
    <li class="row call-comment">
      <div class="row-main">
        <p class="row-about">
          <strong dir="auto">{comment.name}</strong>
          <time dateTime={comment.createdAt}>{date(comment.createdAt, 'long')}</time>
          {comment.internal && <span class="tag">{t.isInternal}</span>}
          {atSeconds !== null && (onSeek ? <button type="button" class="text-button" onClick={() => onSeek(atSeconds)}>{t.at(clock(atSeconds))}</button> : <span>{t.at(clock(atSeconds))}</span>)}
        </p>
        {comment.deletedAt ? <p class="field-hint">{t.gone}</p> : <p class="call-said" dir="auto">{comment.text}</p>}
      </div>
      {!comment.deletedAt && comment.userId === me.value?.id && <IconButton icon="delete" label={t.removeComment(comment.text.slice(0, 40))} onClick={drop} />}
    </li>
  );
}

function Add({ kind, id, at, onAdded }: Pick<Props, 'kind' | 'id' | 'at'> & { onAdded: (comment: Comment) => void }) {
  const t = text();
  const form = draft(`comment.${id}`, { text: '', internal: true, hasPlace: true });
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { internal, hasPlace } = form.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    const said = form.value.text.trim();
    if (isBusy || !said) return;
    setBusy(true);
    setError(null);
    const body = {
      subjectKind: kind,
      subjectId: id,
      text: said,
      kind: 'general' as const,
      // A recording is for the company alone, and so are the comments on it.
      ...(kind === 'call' && { internal }),
      ...(at && hasPlace && { atSeconds: Math.floor(at()) }),
    };
    const purpose = `comment.${id}`;
    try {
      const { comment } = await data(api.POST('/api/comments', { params: { header: { 'Idempotency-Key': keyFor(purpose, body) } }, body }));
      answered(purpose);
      form.value = { ...form.value, text: '' };
      onAdded(comment);
    } catch (failure) {
      if (failure instanceof ApiError && failure.status >= 400 && failure.status < 500) answered(purpose);
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <form class="stack" noValidate onSubmit={(event) => void submit(event)}>
      <Field label={t.comment}>
        {(tied) => <textarea {...tied} class="input" rows={2} dir="auto" maxLength={2000} value={form.value.text} onInput={(event) => { form.value = { ...form.value, text: event.currentTarget.value }; }} />}
      </Field>
      {kind === 'call' && <Check label={t.internal} value={internal} onValue={(value) => { form.value = { ...form.value, internal: value }; }} />}
      {at && <Check label={t.place} value={hasPlace} onValue={(value) => { form.value = { ...form.value, hasPlace: value }; }} />}
      <Problem error={error} />
      <Button type="submit" isBusy={isBusy}>{t.add}</Button>
    </form>
  );
}
