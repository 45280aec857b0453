// The parts of a dashboard below its figures.
import { date, locale, number } from '../../i18n/index.ts';
import { api, data } from '../../api/client.ts';
import { Bars, Chart } from '../../manage/Chart.tsx';
import { money } from '../../manage/money.ts';
import { useResource } from '../../state/resource.ts';
import { CallRow } from './CallRow.tsx';
import type { Shown } from './Dashboard.tsx';
import { text } from './dashboard-messages.ts';
import { names, written, type Name } from './figures.ts';
import { words } from './words.ts';

function moment(granularity: Shown['granularity']): (day: string) => string {
  const options: Intl.DateTimeFormatOptions = granularity === 'month' ? { month: 'short', year: 'numeric' } : { day: 'numeric', month: 'short' };
  const format = new Intl.DateTimeFormat(locale.value, { ...options, timeZone: 'UTC' });
  return (day) => format.format(new Date(day));
}

export function Course({ shown, name }: { shown: Shown; name: Name }) {
  const points = shown.series.map(({ date: at, values }) => ({ at, value: values[name] ?? 0 }));
  if (points.every(({ value }) => value === 0)) return <p class="field-hint">{text().noSteps}</p>;
  return <Chart label={names()[name]} points={points} format={(value) => written(name, value, shown.currency)} moment={moment(shown.granularity)} unit={text().since} />;
}

const MONEY = ['byPlan', 'byAddon', 'byMethod'];

/** The names of what is sold, which the API counts by id. */
async function soldNames(): Promise<Map<string, string>> {
  const [{ plans }, { addons }] = await Promise.all([data(api.GET('/api/subscriptions/plans')), data(api.GET('/api/addons'))]);
  return new Map([...plans, ...addons].map(({ id, name }) => [id, name]));
}

export function Parts({ shown }: { shown: Shown }) {
  const t = text();
  const isRevenue = shown.view === 'revenue';
  const sold = useResource(() => (isRevenue ? soldNames() : Promise.resolve(new Map<string, string>())), [isRevenue]);
  const known = sold.loaded.value.state === 'ready' ? sold.loaded.value.value : new Map<string, string>();
  const parts = Object.entries(shown.parts).filter(([, values]) => Object.keys(values).length);
  if (parts.length === 0 && shown.money.length === 0) return null;
  return (
    <div class="manage-two">
      {parts.map(([part, values]) => (
        <section key={part}>
          <h2>{part === 'byStatus' && shown.view === 'licenses' ? t.ofLicenses : ((t as unknown as Record<string, string>)[part] ?? part)}</h2>
          {Object.values(values).every((value) => value === 0) ? (
            <p class="field-hint">{t.noSteps}</p>
          ) : part === 'byHour' ? (
            <Hours values={values} label={t.byHour} />
          ) : (
            <Bars rows={Object.entries(values).map(([key, value]) => ({ name: nameOf(part, key, known), value, shown: MONEY.includes(part) ? money(value, shown.currency) : number(value) }))} />
          )}
        </section>
      ))}
      {shown.money.length > 1 && (
        <section>
          <h2>{t.currencies}</h2>
          <Bars rows={shown.money.map(({ currency, gross }) => ({ name: currency.toUpperCase(), value: gross, shown: money(gross, currency) }))} />
        </section>
      )}
    </div>
  );
}

function Hours({ values, label }: { values: Record<string, number>; label: string }) {
  const points = Array.from({ length: 24 }, (_, hour) => ({ at: String(hour), value: values[hour] ?? 0 }));
  return <Chart label={label} points={points} moment={(hour) => `${hour}:00`} unit={text().hour} />;
}

function nameOf(part: string, key: string, sold: Map<string, string>): string {
  if (part === 'byWeekday') return new Intl.DateTimeFormat(locale.value, { weekday: 'long', timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, Number(key)))); // a Monday
  if (part === 'byRating') return text().stars(Number(key));
  const found = [names(), words(), text()].map((each) => (each as unknown as Record<string, unknown>)[key]).find((each) => typeof each === 'string');
  return sold.get(key) ?? (found as string | undefined) ?? key;
}

const OF_MEMBER: Name[] = ['calls', 'ended', 'solved', 'solvedRate', 'averageSeconds', 'ratings', 'rating'];

export function People({ shown }: { shown: Shown }) {
  const t = text();
  if (shown.members.length === 0) return null;
  return (
    <section>
      <h2>{t.members}</h2>
      <div class="scrolls" tabIndex={0} role="region" aria-label={t.members}>
        <table class="table">
          <thead><tr><th scope="col">{t.name}</th><th scope="col">{t.license}</th>{OF_MEMBER.map((name) => <th key={name} scope="col">{names()[name]}</th>)}</tr></thead>
          <tbody>
            {shown.members.map((member) => (
              <tr key={member.userId}>
                <th scope="row" dir="auto">{member.name || words().nobody}</th>
                <td>{member.licenseType ? words()[member.licenseType] : words().noLicense}</td>
                {OF_MEMBER.map((name) => <td key={name}>{written(name, member.values[name], shown.currency)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function Lists({ shown, companyId }: { shown: Shown; companyId: string }) {
  const t = text();
  const isNow = shown.view === 'realtime';
  return (
    <>
      {(isNow || shown.calls.length > 0) && (
        <section>
          <h2>{isNow ? t.goingOn : t.latestCalls}</h2>
          {shown.calls.length ? <ul class="rows manage-rows">{shown.calls.map((call) => <CallRow key={call.id} call={call} />)}</ul> : <p class="field-hint">{t.quiet}</p>}
        </section>
      )}
      {shown.latestMembers.length > 0 && (
        <section>
          <h2>{t.latestMembers}</h2>
          <ul class="rows manage-rows">
            {shown.latestMembers.map((member) => (
              <li key={member.userId} class="row">
                <div class="row-main">
                  <p class="row-name" dir="auto">{member.name || words().member}</p>
                  <p class="row-about"><span>{words()[member.role]}</span><span>{member.licenseType ? words()[member.licenseType] : words().noLicense}</span><time dateTime={member.joinedAt}>{date(member.joinedAt, 'long')}</time></p>
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
      {shown.reviews.length > 0 && (
        <section>
          <div class="manage-head"><h2>{t.latestReviews}</h2><a href={`/companies/${companyId}/reviews`}>{t.allReviews}</a></div>
          <ul class="rows manage-rows">
            {shown.reviews.map((review) => (
              <li key={review.id} class="row">
                <div class="row-main">
                  <p class="row-name" dir="auto">{review.title || review.name || t.stars(review.rating)}</p>
                  <p class="row-about"><span>{t.stars(review.rating)}</span><time dateTime={review.createdAt}>{date(review.createdAt, 'long')}</time></p>
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
      {shown.expiring.length > 0 && (
        <section>
          <h2>{t.expiring}</h2>
          <ul class="rows manage-rows">
            {shown.expiring.map((license) => (
              <li key={license.id} class="row"><p class="row-name">{words()[license.type]}</p><p class="row-about">{license.expiresAt && date(license.expiresAt, 'long')}</p></li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
