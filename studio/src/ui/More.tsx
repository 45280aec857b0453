// Under a list of which there is more.
import { useState } from 'preact/hooks';
import { messages } from '../i18n/index.ts';
import { Button } from './Button.tsx';
import { Problem } from './States.tsx';

const text = messages({ more: 'Show more' }, { more: 'عرض المزيد' });

export function More<T>({ load, onMore }: { load: () => Promise<T>; onMore: (more: T) => void }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const click = () => {
    setBusy(true);
    setError(null);
    load().then(onMore, setError).finally(() => setBusy(false));
  };
  return (
    <div class="more">
      <Problem error={error} />
      <Button isBusy={isBusy} onClick={click}>{text().more}</Button>
    </div>
  );
}
