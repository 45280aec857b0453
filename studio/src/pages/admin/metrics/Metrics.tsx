import { useState } from 'preact/hooks';
import { api, data } from '../../../api/client.ts';
import { locale, number } from '../../../i18n/index.ts';
import { useResource } from '../../../state/resource.ts';
import { Button } from '../../../ui/Button.tsx';
import { SelectField, TextField } from '../../../ui/Field.tsx';
import { Loading } from '../../../ui/States.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { Chart, Figures } from '../../../manage/Chart.tsx';
import { oneOf, query } from '../../../manage/lists.tsx';
import { text } from './messages.ts';

const NAMES = ['messages', 'captions', 'translatedCharacters', 'recognisedSeconds', 'jobsCompleted', 'jobsFailed', 'streams', 'streamsOpen'] as const;
const REQUESTS = 'requests';
// Hours, and seconds between two points.
const SPANS = { hour: [1, 60], day: [24, 1800], week: [168, 10800] } as const;
type Span = keyof typeof SPANS;

const moment = (iso: string): string =>
  new Intl.DateTimeFormat(locale.value, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(new Date(iso));

export default function Metrics() {
  const t = text();
  const [chosen, choose] = query('name');
  const [chosenSpan, setSpan] = query('span');
  const name = chosen || 'jobsCompleted';
  const known = oneOf(name, NAMES);
  const span = oneOf(chosenSpan, Object.keys(SPANS) as Span[]) ?? 'day';
  const [typed, setTyped] = useState(known ? '' : name.replace(/^requests\.?/, ''));
  const isWaiting = name === REQUESTS; // for a name
  const series = useResource(async () => {
    if (isWaiting) return null;
    const [hours, step] = SPANS[span];
    const from = new Date(Date.now() - hours * 3_600_000).toISOString();
    return (await data(api.GET('/api/admin/metrics', { params: { query: { name, from, step } } }))).series;
  }, [name, span]);
  const health = useResource(() => data(api.GET('/api/health')));
  return (
    <AdminPage title={t.title} lead={t.lead}>
      <div class="manage-parts">
        <section>
          <div class="filters">
            <SelectField label={t.what} value={known ?? REQUESTS} choices={[...NAMES.map((value) => ({ value: value as string, label: t[value] })), { value: REQUESTS, label: t.requests }]} onValue={choose} />
            <SelectField label={t.span} value={span} choices={(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: t[value] }))} onValue={setSpan} />
            {!known && (
              <form class="filters-search" onSubmit={(event) => { event.preventDefault(); choose(typed.trim() ? `${REQUESTS}.${typed.trim()}` : REQUESTS); }}>
                <TextField label={t.name} hint={t.nameHint} dir="ltr" maxLength={90} value={typed} onValue={setTyped} />
                <Button type="submit">{t.show}</Button>
              </form>
            )}
          </div>
          <Loading of={series} lines={5}>
            {(loaded) => {
              if (!loaded) return null;
              const { points } = loaded;
              const total = points.reduce((sum, { count }) => sum + count, 0);
              if (total === 0) return <p class="field-hint">{t.none}</p>;
              const most = (values: (number | null)[]) => Math.max(0, ...values.map((each) => each ?? 0));
              const [slow, slowest] = [most(points.map(({ p95Ms }) => p95Ms)), most(points.map(({ maxMs }) => maxMs))];
              const errors = points.reduce((sum, each) => sum + each.errors, 0);
              const figures: [string, string][] = [[t.total, number(total)]];
              if (!known) figures.push([t.errors, number(errors)], [t.slow, t.ms(slow)], [t.slowest, t.ms(slowest)]);
              return (
                <>
                  <Figures figures={figures} />
                  <Chart label={known ? t[known] : name} points={points.map(({ at, count }) => ({ at, value: count }))} moment={moment} />
                </>
              );
            }}
          </Loading>
        </section>
        <section>
          <h2>{t.checks}</h2>
          <Loading of={health} lines={3}>
            {({ checks }) => (
              <dl class="facts">
                {Object.entries(checks).map(([each, { state, latencyMs }]) => (
                  <div key={each}><dt dir="ltr">{each}</dt><dd>{t[state]} <span class="row-about" dir="ltr">{t.ms(latencyMs)}</span></dd></div>
                ))}
              </dl>
            )}
          </Loading>
        </section>
      </div>
    </AdminPage>
  );
}
