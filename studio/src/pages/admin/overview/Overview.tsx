import { api, data, page } from '../../../api/client.ts';
import { ago, date, number } from '../../../i18n/index.ts';
import { useResource } from '../../../state/resource.ts';
import { SelectField } from '../../../ui/Field.tsx';
import { Loading } from '../../../ui/States.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { Bars, Chart, Figures } from '../../../manage/Chart.tsx';
import { oneOf, query } from '../../../manage/lists.tsx';
import { common } from '../messages.ts';
import { text } from './messages.ts';

const METRICS = ['users', 'companies', 'characters', 'scripts', 'generations', 'transcriptions', 'dubbings', 'rooms', 'calls', 'jobs'] as const;
const SPANS = ['7', '30', '90'] as const;
const DAY = 86_400_000;

export default function Overview() {
  const t = text();
  const stats = useResource(() => data(api.GET('/api/admin/stats')));
  return (
    <AdminPage title={t.title}>
      <div class="manage-parts">
        <Loading of={stats} lines={3}>
          {({ totals }) => (
            <Figures
              figures={[
                [t.members, number(totals.users)],
                [t.subscribers, number(totals.subscribers)],
                [t.guests, number(totals.guests)],
                [t.suspended, number(totals.suspended)],
                [t.admins, number(totals.admins)],
              ]}
            />
          )}
        </Loading>
        <Growth />
        <div class="manage-two">
          <section>
            <h2>{t.byPlan}</h2>
            <Loading of={stats} lines={3}>
              {({ byPlan }) => (byPlan.length ? <Bars rows={byPlan.map(({ name, users }) => ({ name, value: users }))} /> : <p class="field-hint">{t.noPlans}</p>)}
            </Loading>
          </section>
          <Recent />
        </div>
      </div>
    </AdminPage>
  );
}

function Growth() {
  const t = text();
  const [chosen, choose] = query('show');
  const [days, setDays] = query('days');
  const metric = oneOf(chosen, METRICS) ?? 'users';
  const span = oneOf(days, SPANS) ?? '30';
  const series = useResource(async () => {
    const from = new Date(Date.now() - (Number(span) - 1) * DAY).toISOString();
    return (await data(api.GET('/api/admin/stats/series', { params: { query: { metric, from } } }))).series;
  }, [metric, span]);
  return (
    <section>
      <div class="manage-head">
        <h2>{t.growth}</h2>
        <div class="buttons">
          <SelectField label={t.metric} value={metric} choices={METRICS.map((value) => ({ value, label: t[value] }))} onValue={choose} />
          <SelectField label={t.span} value={span} choices={SPANS.map((value) => ({ value, label: common().days(Number(value)) }))} onValue={setDays} />
        </div>
      </div>
      <Loading of={series} lines={5}>
        {({ points, total }) => (
          <>
            <p class="lead">{t.total(number(total))}</p>
            <Chart label={t[metric]} points={points.map((each) => ({ at: each.date, value: each.count }))} />
          </>
        )}
      </Loading>
    </section>
  );
}

function Recent() {
  const t = text();
  const recent = useResource(async () => (await page(api.GET('/api/admin/recent-activity', { params: { query: { limit: 8 } } }))).data.activities);
  return (
    <section>
      <h2>{t.recent}</h2>
      <Loading of={recent} lines={5}>
        {(activities) =>
          activities.length === 0 ? <p class="field-hint">{t.quiet}</p> : (
            <ul class="rows manage-rows">
              {activities.map((each) => (
                <li key={each.id} class="row">
                  <div>
                    <p dir="auto" class="row-name">{each.message}</p>
                    <p class="row-about">
                      <a href={`/admin/users/${each.userId}`} dir="ltr">{each.userEmail}</a>
                      <time dateTime={each.timestamp} title={date(each.timestamp, 'long')}>{ago(each.timestamp)}</time>
                    </p>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Loading>
    </section>
  );
}
