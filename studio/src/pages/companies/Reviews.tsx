import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../api/client.ts';
import { date, number } from '../../i18n/index.ts';
import { Bars, Figures } from '../../manage/Chart.tsx';
import { FormDialog } from '../../manage/FormDialog.tsx';
import { listed, oneOf, query, Rows, useList } from '../../manage/lists.tsx';
import type { PageProps } from '../../router.ts';
import { draft, dropDraft } from '../../state/drafts.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Choices, Field, SelectField } from '../../ui/Field.tsx';
import { Empty, Loading } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { CompanyPage } from './CompanyPage.tsx';
import { text } from './review-messages.ts';
import { words } from './words.ts';
import './reviews.css';

type Review = Schemas['ReviewView'];
const RATINGS = ['5', '4', '3', '2', '1'] as const;

export default function Reviews({ params }: PageProps) {
  const id = params.id!;
  return (
    <CompanyPage id={id} title={words().reviews} lead={text().lead} forMembers={() => <All key={id} companyId={id} manages={false} />}>
      {() => <All key={id} companyId={id} manages />}
    </CompanyPage>
  );
}

function All({ companyId, manages }: { companyId: string; manages: boolean }) {
  const t = text();
  const [chosenRating, setRating] = query('rating');
  const [chosenSolved, setSolved] = query('solved');
  const rating = oneOf(chosenRating, RATINGS);
  const solved = oneOf(chosenSolved, ['true', 'false'] as const);
  const filter = `${rating} ${solved}`;
  const [counted, setCounted] = useState<{ filter: string; statistics: Schemas['ReviewStatistics'] } | null>(null);
  const statistics = counted?.filter === filter ? counted.statistics : null;
  const [answered, answer] = useState<Review | null>(null);
  const [marked, mark] = useState<Review | null>(null);
  const list = useList(async (cursor) => {
    const asked = { companyId, limit: 20, ...(rating && { rating: Number(rating) }), ...(solved && { solved: solved === 'true' }), ...cursor };
    const { data: found, meta } = (await page(api.GET('/api/reviews', { params: { query: asked } }))) as { data: Schemas['ReviewsData']; meta: Schemas['ReviewsMeta'] };
    setCounted({ filter, statistics: meta.statistics });
    return listed(found.reviews, meta);
  }, [rating, solved]);
  const isFiltered = rating || solved;
  return (
    <div class="manage-parts">
      {!manages && <p>{t.leadMember}</p>}
      {statistics !== null && statistics.count > 0 && (
        <div class="manage-two">
          <section><Figures figures={[[t.average, statistics.average === null ? '–' : number(statistics.average)], [t.count, number(statistics.count)]]} /></section>
          <section><Bars rows={RATINGS.map((each) => ({ name: t.stars(Number(each)), value: statistics.byRating[each] ?? 0 }))} /></section>
        </div>
      )}
      <section>
        <div class="filters">
          <SelectField label={t.rating} value={rating ?? ''} choices={[{ value: '', label: words().all }, ...RATINGS.map((value) => ({ value: value as string, label: t.stars(Number(value)) }))]} onValue={setRating} />
          <SelectField label={t.outcome} value={solved ?? ''} choices={[{ value: '', label: words().all }, { value: 'true', label: t.solved }, { value: 'false', label: t.unsolved }]} onValue={setSolved} />
        </div>
        <Rows of={list} empty={isFiltered ? <Empty title={t.nothing}>{t.nothingWhy}</Empty> : <Empty title={t.empty}>{t.emptyWhy}</Empty>}>
          {(review) => <Row key={review.id} review={review} manages={manages} onAnswer={() => answer(review)} onMark={() => mark(review)} />}
        </Rows>
      </section>
      {answered && (
        <Answer
          review={answered}
          onClose={() => answer(null)}
          onSaved={(review) => {
            list.replace(review, (each) => each.id === review.id);
            answer(null);
            toast(t.saved);
          }}
        />
      )}
      {marked && (
        <Outcome
          callId={marked.subjectId}
          onClose={() => mark(null)}
          onSaved={() => {
            mark(null);
            toast(t.marked);
          }}
        />
      )}
    </div>
  );
}

const writer = (review: Review): string => review.name || (review.guest ? text().guest : text().anonymous);

function Row({ review, manages, onAnswer, onMark }: { review: Review; manages: boolean; onAnswer: () => void; onMark: () => void }) {
  const t = text();
  const { ratings, response, subjectKind, subjectId } = review;
  const name = writer(review);
  const isOfCall = subjectKind === 'call';
  return (
    <li class="row">
      <div class="row-main">
        <p class="row-name"><span class="stars" role="img" aria-label={t.stars(review.rating)}>{'★'.repeat(review.rating)}{'☆'.repeat(5 - review.rating)}</span> <bdi>{review.title}</bdi></p>
        {review.text && <p class="row-said" dir="auto">{review.text}</p>}
        <p class="row-about">
          <bdi>{name}</bdi>
          {review.solved !== null && <span class="tag">{review.solved ? t.solved : t.unsolved}</span>}
          {review.verified && <span>{t.verified}</span>}
          {ratings.service !== null && <span>{t.service(ratings.service)}</span>}
          {ratings.host !== null && <span>{t.host(ratings.host)}</span>}
          {review.tags.map((tag) => <span key={tag} class="tag" dir="auto">{tag}</span>)}
          <time dateTime={review.createdAt}>{date(review.createdAt, 'long')}</time>
          {isOfCall && <a href={`/calls/${subjectId}`}>{t.toCall}</a>}
        </p>
        {response && (
          <div class="answer">
            <p class="row-said" dir="auto">{response.text}</p>
            <p class="row-about"><time dateTime={response.at}>{t.answered(date(response.at, 'long'))}</time></p>
          </div>
        )}
      </div>
      <div class="row-buttons">
        {manages && <Button small label={response ? undefined : t.answerOf(name)} onClick={onAnswer}>{response ? t.change : t.answer}</Button>}
        {isOfCall && <Button small look="quiet" label={t.markOf(name)} onClick={onMark}>{t.mark}</Button>}
      </div>
    </li>
  );
}

function Answer({ review, onClose, onSaved }: { review: Review; onClose: () => void; onSaved: (review: Review) => void }) {
  const t = text();
  const name = `answer.${review.id}`;
  const form = draft(name, { text: review.response?.text ?? '' });
  const save = () => data(api.PUT('/api/reviews/{reviewId}/response', { params: { path: { reviewId: review.id } }, body: { text: form.value.text.trim() } }));
  return (
    <FormDialog title={t.answerOf(writer(review))} action={t.publish} save={save} onClose={onClose} onCancel={() => { dropDraft(name); onClose(); }} onSaved={(answer) => { dropDraft(name); onSaved(answer.review); }}>
      {(wrong) => (
        <Field label={t.answerLabel} hint={t.answerHint} error={wrong.text}>
          {(tied) => <textarea {...tied} class="input" dir="auto" maxLength={2000} value={form.value.text} onInput={(event) => { form.value = { text: event.currentTarget.value }; }} />}
        </Field>
      )}
    </FormDialog>
  );
}

/** Whether a call was solved, as its host and the company say. */
function Outcome({ callId, onClose, onSaved }: { callId: string; onClose: () => void; onSaved: () => void }) {
  const t = text();
  const [chosen, choose] = useState<string | null>(null);
  const call = useResource(async () => (await data(api.GET('/api/videocalls/{callId}', { params: { path: { callId } } }))).call, [callId]);
  const known = call.loaded.value.state === 'ready' ? String(call.loaded.value.value.outcome.solved) : 'null';
  const save = () => data(api.PUT('/api/videocalls/{callId}', { params: { path: { callId } }, body: { outcome: { solved: JSON.parse(chosen ?? known) as boolean | null } } }));
  return (
    <FormDialog title={t.mark} save={save} onClose={onClose} onSaved={onSaved}>
      {() => (
        <Loading of={call} lines={1}>
          {() => (
            <>
              <Choices label={t.said} value={chosen ?? known} choices={[{ value: 'null', label: t.unknown }, { value: 'true', label: t.solved }, { value: 'false', label: t.unsolved }]} onValue={choose} />
              <p class="field-hint">{t.markWhy}</p>
            </>
          )}
        </Loading>
      )}
    </FormDialog>
  );
}
