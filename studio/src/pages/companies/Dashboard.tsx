import { useEffect, useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { locale } from '../../i18n/index.ts';
import { Figures } from '../../manage/Chart.tsx';
import { oneOf, query } from '../../manage/lists.tsx';
import type { PageProps } from '../../router.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { Loading } from '../../ui/States.tsx';
import { CompanyPage, type Standing } from './CompanyPage.tsx';
import { csvOf } from './csv.ts';
import { text } from './dashboard-messages.ts';
import { dayOf, daysBetween, isZone, zones } from './days.ts';
import { compared, names, written, type Name } from './figures.ts';
import { Course, Lists, Parts, People } from './parts.tsx';
import { Tables } from './Tables.tsx';
import { words } from './words.ts';

export type Shown = Schemas['DashboardData'];

const VIEWS = ['overview', 'revenue', 'calls', 'users', 'licenses', 'satisfaction', 'technical', 'realtime'] as const;
const SPANS = ['7', '30', '90', '365'] as const;
const STEPS = ['day', 'week', 'month'] as const;
const MOST_DAYS = 400;
const PAUSE = 15_000;

export default function Dashboard({ params }: PageProps) {
  return (
    <CompanyPage id={params.id!} title={words().dashboard}>
      {(standing) => <Chosen key={standing.company.id} {...standing} />}
    </CompanyPage>
  );
}

function Chosen({ company }: Standing) {
  const t = text();
  const [chosenView, setView] = query('view');
  const [chosenSpan, setSpan] = query('days');
  const [chosenZone, setZone] = query('zone');
  const [chosenStep, setStep] = query('by');
  const [from, setFrom] = query('from');
  const [to, setTo] = query('to');
  const view = oneOf(chosenView, VIEWS) ?? 'overview';
  const span = chosenSpan === 'own' ? 'own' : (oneOf(chosenSpan, SPANS) ?? '30');
  const step = oneOf(chosenStep, STEPS) ?? (Number(span) > 90 ? 'month' : 'day');
  const ofCompany = company.settings.timezone || company.timezone || 'UTC';
  const zone = chosenZone && isZone(chosenZone) ? chosenZone : '';
  const today = dayOf(zone || ofCompany);
  const first = span === 'own' ? from || today : dayOf(zone || ofCompany, Number(span) - 1);
  const last = span === 'own' ? to || today : today;
  const count = daysBetween(first, last);
  const isWrong = !(count >= 1 && count <= MOST_DAYS);
  const shown = useResource(async () => {
    if (isWrong) return null;
    const asked = { from: first, to: last, granularity: step, ...(zone && { timezone: zone }) };
    return data(api.GET('/api/dashboard/{view}/{companyId}', { params: { path: { view, companyId: company.id }, query: asked } }));
  }, [company.id, view, first, last, step, zone]);
  // What goes on now changes by itself.
  useEffect(() => {
    if (view !== 'realtime') return;
    const timer = setInterval(() => {
      if (!document.hidden && shown.loaded.value.state === 'ready') shown.reload();
    }, PAUSE);
    return () => clearInterval(timer);
  }, [view]);
  const isNow = view === 'realtime';
  return (
    <div class="manage-parts">
      <div class="filters">
        <SelectField label={t.view} value={view} choices={VIEWS.map((value) => ({ value: value as string, label: t[value] }))} onValue={setView} />
        {!isNow && (
          <>
            <SelectField label={t.period} value={span} choices={[...SPANS.map((value) => ({ value: value as string, label: t.days(Number(value)) })), { value: 'own', label: t.own }]} onValue={setSpan} />
            {span === 'own' && (
              <>
                <TextField label={t.from} type="date" value={first} error={isWrong ? t.badRange : undefined} onValue={setFrom} />
                <TextField label={t.to} type="date" value={last} onValue={setTo} />
              </>
            )}
            <SelectField label={t.step} value={step} choices={STEPS.map((value) => ({ value: value as string, label: t[value] }))} onValue={setStep} />
          </>
        )}
        <SelectField label={t.zone} value={zone} choices={[{ value: '', label: t.ofCompany(ofCompany.replaceAll('_', ' ')) }, ...zones().map((value) => ({ value, label: value.replaceAll('_', ' ') }))]} onValue={setZone} />
      </div>
      <Loading of={shown} lines={8}>
        {(found) => found && found.view === view && <View key={view} shown={found} companyId={company.id} name={company.name} />}
      </Loading>
      {!isNow && !isWrong && <Tables companyId={company.id} first={first} last={last} zone={zone || ofCompany} />}
    </div>
  );
}

const isName = (name: string): name is Name => name in names();

function View({ shown, companyId, name: company }: { shown: Shown; companyId: string; name: string }) {
  const t = text();
  const [name, setName] = useState('');
  const { view, totals, growth, previous, now, currency, series, period } = shown;
  const inWords = (each: string, value: number | null | undefined) => written(each, value, currency);
  const totalNames = Object.keys(totals).filter(isName);
  const nowNames = Object.keys(now).filter(isName);
  const seriesNames = Object.keys(series[0]?.values ?? {}).filter(isName);
  const drawn = seriesNames.find((each) => each === name) ?? seriesNames[0];
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([csvOf(shown)], { type: 'text/csv;charset=utf-8' }));
    link.download = `${company} ${view} ${period.from} ${period.to}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  return (
    <>
      <section>
        <div class="manage-head">
          <h2>{view === 'realtime' ? words().today : t.figures}</h2>
          <Button small icon="download" onClick={save}>{t.csv}</Button>
        </div>
        <p class="field-hint">{t.lead(longDay(period.from), longDay(period.to), shown.timezone.replaceAll('_', ' '))}</p>
        {totalNames.length > 0 && <Figures figures={totalNames.map((each) => [names()[each], inWords(each, totals[each]), compared(each, growth[each], previous[each], currency)])} />}
      </section>
      {nowNames.length > 0 && (
        <section>
          <h2>{t.present}</h2>
          <Figures figures={nowNames.map((each) => [names()[each], inWords(each, now[each])])} />
        </section>
      )}
      {drawn && (
        <section>
          <div class="manage-head">
            <h2>{t.course}</h2>
            {seriesNames.length > 1 && <SelectField label={t.chart} value={drawn} choices={seriesNames.map((value) => ({ value: value as string, label: names()[value] }))} onValue={setName} />}
          </div>
          <Course shown={shown} name={drawn} />
        </section>
      )}
      <Parts shown={shown} />
      <People shown={shown} />
      <Lists shown={shown} companyId={companyId} />
    </>
  );
}

const longDay = (day: string): string => new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(day));
