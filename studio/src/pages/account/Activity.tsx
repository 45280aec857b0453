import { useState } from 'preact/hooks';
import { api, page, type Schemas } from '../../api/client.ts';
import { ago, date } from '../../i18n/index.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { More } from '../../ui/More.tsx';
import { Loading } from '../../ui/States.tsx';
import { toast, undoable } from '../../ui/toasts.tsx';
import { text } from './messages.ts';

type Entry = Schemas['ActivityView'];
interface Listed {
  entries: Entry[];
  next: string | undefined;
}

const PER_PAGE = 8;

async function load(cursor?: string): Promise<Listed> {
  const { data, meta } = await page(api.GET('/api/my-activities', { params: { query: { limit: PER_PAGE, ...(cursor && { cursor }) } } }));
  return { entries: data.activities, next: meta.nextCursor };
}

/** Where what it is about can be seen. */
function place({ generationId, scriptId, characterId }: Entry): string | null {
  if (generationId) return `/history/${generationId}`;
  if (scriptId) return `/scripts/${scriptId}`;
  return characterId && `/characters/${characterId}`;
}

export function Activity() {
  const t = text();
  const listed = useResource(() => load());
  const [isCleared, setCleared] = useState(false);
  const clear = () => {
    setCleared(true);
    undoable(
      t.cleared,
      () => {
        api.DELETE('/api/my-activities').then(
          () => listed.change(() => ({ entries: [], next: undefined })),
          () => toast(t.notCleared),
        ).finally(() => setCleared(false));
      },
      () => setCleared(false),
    );
  };
  return (
    <section>
      <h2>{t.activity}</h2>
      <Loading of={listed} lines={4}>
        {({ entries, next }) =>
          isCleared || entries.length === 0 ? (
            <p class="section-why">{t.noActivity}</p>
          ) : (
            <>
              <ol class="activity">{entries.map((each) => <Row key={each.id} entry={each} />)}</ol>
              <div class="activity-foot">
                {next && <More load={() => load(next)} onMore={(more) => listed.change((value) => ({ entries: [...value.entries, ...more.entries], next: more.next }))} />}
                <Button look="quiet" small icon="delete" onClick={clear}>{t.clear}</Button>
              </div>
            </>
          )
        }
      </Loading>
    </section>
  );
}

function Row({ entry }: { entry: Entry }) {
  const to = place(entry);
  return (
    <li>
      {to ? <a href={to} dir="auto" lang="en">{entry.message}</a> : <span dir="auto" lang="en">{entry.message}</span>}
      <time dateTime={entry.timestamp} title={date(entry.timestamp, 'long')}>{ago(entry.timestamp)}</time>
    </li>
  );
}
