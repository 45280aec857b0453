// A call, as dashboards list them.
import type { Schemas } from '../../api/client.ts';
import { date } from '../../i18n/index.ts';
import { names, written } from './figures.ts';

export function CallRow({ call }: { call: Schemas['LatestCall'] }) {
  const t = names();
  const at = call.startedAt ?? call.createdAt;
  return (
    <li class="row">
      <div class="row-main">
        <a class="row-name" href={`/calls/${call.id}`} dir="auto">{call.title}</a>
        <p class="row-about">
          <bdi>{call.hostName}</bdi>
          {call.solved !== null && <span>{call.solved ? t.solved : t.unsolved}</span>}
          {call.rating !== null && <span dir="ltr">{'★'.repeat(call.rating)}</span>}
          {call.seconds > 0 && <span>{written('averageSeconds', call.seconds, '')}</span>}
          <time dateTime={at}>{date(at, 'long')}</time>
        </p>
      </div>
    </li>
  );
}
