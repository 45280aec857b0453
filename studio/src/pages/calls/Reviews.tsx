// How the guests found a call.
import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../api/client.ts';
import { date } from '../../i18n/index.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './call-messages.ts';
import { companies } from './companies.ts';
import { text as callsText } from './messages.ts';

type CallView = Schemas['CallView'];
type Review = Schemas['ReviewView'];

const DAY = 24 * 3600_000; // ms, in which guests can review a call after its end

async function load(call: CallView): Promise<{ reviews: Review[]; manages: boolean }> {
  const query = { subjectKind: 'call' as const, subjectId: call.id, limit: 100 };
  const [listed, mine] = await Promise.all([page(api.GET('/api/reviews', { params: { query } })), companies()]);
  const role = mine.find((each) => each.id === call.companyId)?.role;
  return { reviews: listed.data.reviews, manages: role === 'owner' || role === 'admin' };
}

export function Reviews({ call }: { call: CallView }) {
  const t = text();
  const found = useResource(() => load(call), [call.id]);
  const link = new URL(call.joinUrl.replace('#', '?review=1#'), location.origin).href;
  const copy = () => void navigator.clipboard.writeText(link).then(() => toast(t.copied), () => {});
  const canBeReviewed = call.endedAt !== null && Date.now() - Date.parse(call.endedAt) < DAY;
  return (
    <section class="stack">
      <h2>{t.reviews}</h2>
      {canBeReviewed && (
        <>
          <Button icon="copy" onClick={copy}>{t.reviewLink}</Button>
          <p class="field-hint">{t.reviewHint}</p>
        </>
      )}
      <Loading of={found} lines={2}>
        {({ reviews, manages }) =>
          reviews.length === 0 ? (
            <p class="field-hint">{t.noReviews}</p>
          ) : (
            <ul class="rows">{reviews.map((each) => <Row key={each.id} review={each} manages={manages} onChange={(changed) => found.change((value) => ({ ...value, reviews: value.reviews.map((other) => (other.id === changed.id ? changed : other)) }))} />)}</ul>
          )
        }
      </Loading>
    </section>
  );
}

function Row({ review, manages, onChange }: { review: Review; manages: boolean; onChange: (review: Review) => void }) {
  const t = text();
  const words = callsText();
  const [isAnswering, setAnswering] = useState(false);
  return (
    <li class="row calls-row">
      <div class="row-main stack">
        <p class="row-about">
          <strong dir="auto">{review.name}</strong>
          <span>{t.stars(review.rating)}</span>
          {review.solved !== null && <span>{review.solved ? words.solved : words.unsolved}</span>}
          <time dateTime={review.createdAt}>{date(review.createdAt, 'long')}</time>
        </p>
        {review.text && <p class="call-said" dir="auto">{review.text}</p>}
        {review.response && !isAnswering && (
          <div class="call-response">
            <p class="field-label">{t.answerOf}</p>
            <p class="call-said" dir="auto">{review.response.text}</p>
          </div>
        )}
        {manages && !isAnswering && <Button small onClick={() => setAnswering(true)}>{t.answer}</Button>}
        {isAnswering && <Answer review={review} onChange={(changed) => { onChange(changed); setAnswering(false); }} />}
      </div>
    </li>
  );
}

function Answer({ review, onChange }: { review: Review; onChange: (review: Review) => void }) {
  const t = text();
  const [said, setSaid] = useState(review.response?.text ?? '');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = (event: Event) => {
    event.preventDefault();
    if (isBusy || !said.trim()) return;
    setBusy(true);
    setError(null);
    data(api.PUT('/api/reviews/{reviewId}/response', { params: { path: { reviewId: review.id } }, body: { text: said.trim() } })).then(
      (saved) => {
        toast(t.saved);
        onChange(saved.review);
      },
      (failure: unknown) => {
        setError(failure);
        setBusy(false);
      },
    );
  };
  return (
    <form class="stack calls-form" noValidate onSubmit={save}>
      <Field label={t.answer}>
        {(tied) => <textarea {...tied} class="input" rows={2} dir="auto" maxLength={2000} value={said} onInput={(event) => setSaid(event.currentTarget.value)} />}
      </Field>
      <Problem error={error} />
      <Button type="submit" small isBusy={isBusy}>{t.saveAnswer}</Button>
    </form>
  );
}
