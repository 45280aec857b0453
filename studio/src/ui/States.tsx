// The states of what is loaded: each page shows them in the same way.
import type { ComponentChildren } from 'preact';
import { ApiError, wordsFor } from '../api/errors.ts';
import { messages } from '../i18n/index.ts';
import type { Resource } from '../state/resource.ts';
import { Button } from './Button.tsx';

const text = messages(
  { loading: 'Loading', retry: 'Try again', failed: 'This did not load', request: (id: string) => `Request ${id}` },
  { loading: 'جارٍ التحميل', retry: 'حاول مجددًا', failed: 'تعذّر التحميل', request: (id) => `الطلب ${id}` },
);

/** Grey lines in the shape of what will come, after a moment. */
export function Skeleton({ lines = 4 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label={text().loading}>
      {Array.from({ length: lines }, (_, place) => <div key={place} class="skeleton-line" />)}
    </div>
  );
}

/** What went wrong, the number to quote to support, and the way on. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = text();
  const id = error instanceof ApiError ? error.requestId : '';
  return (
    <div class="failure" role="alert">
      <h2>{t.failed}</h2>
      <p>{wordsFor(error)}</p>
      {id && <p class="failure-id">{t.request(id)}</p>}
      {onRetry && <Button onClick={onRetry}>{t.retry}</Button>}
    </div>
  );
}

/** Beside a button whose request failed. */
export function Problem({ error, children }: { error: unknown; children?: ComponentChildren }) {
  if (!error) return null;
  const id = error instanceof ApiError && error.status >= 500 ? error.requestId : '';
  return (
    <div class="problem" role="alert">
      <p>{wordsFor(error)}</p>
      {id && <p class="failure-id">{text().request(id)}</p>}
      {children}
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <Strokes />
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** The mark of the studio: words as strokes. */
export function Strokes() {
  return (
    <svg class="strokes" viewBox="0 0 120 32" width="120" height="32" aria-hidden="true">
      {[12, 22, 32, 17, 9, 26, 30, 14, 20, 28, 11, 24].map((tall, place) => (
        <rect key={place} x={place * 10 + 2} y={16 - tall / 2} width="6" height={tall} rx="3" />
      ))}
    </svg>
  );
}

/** Shows a resource: skeleton, failure, or what `children` makes of the value. */
export function Loading<T>({ of, lines, children }: { of: Resource<T>; lines?: number; children: (value: T) => ComponentChildren }) {
  const { value } = of.loaded;
  if (value.state === 'loading') return <Skeleton lines={lines} />;
  if (value.state === 'failed') return <Failure error={value.error} onRetry={of.reload} />;
  return <>{children(value.value)}</>;
}
