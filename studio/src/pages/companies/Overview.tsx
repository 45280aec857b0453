// What a company is and has now. Members see their own place in it.
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { date, number } from '../../i18n/index.ts';
import { Figures } from '../../manage/Chart.tsx';
import { go, type PageProps } from '../../router.ts';
import { refresh } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { CallRow } from './CallRow.tsx';
import { CompanyPage, type Company, type Standing } from './CompanyPage.tsx';
import { Face } from './Face.tsx';
import { compared, names, percent, written, type Name } from './figures.ts';
import { text } from './overview-messages.ts';
import { words } from './words.ts';

const OF_MONTH: Name[] = ['calls', 'ended', 'solved', 'saved', 'rating', 'activeMembers'];

export default function Overview({ params }: PageProps) {
  const id = params.id!;
  return (
    <CompanyPage id={id} forMembers={(own) => <Own key={id} own={own} />}>
      {(standing) => <Managed key={id} {...standing} />}
    </CompanyPage>
  );
}

function Managed({ company, role }: Standing) {
  const t = text();
  const base = `/companies/${company.id}`;
  const month = useResource(() => data(api.GET('/api/dashboard/{view}/{companyId}', { params: { path: { view: 'overview', companyId: company.id } } })), [company.id]);
  const features = useResource(async () => (await data(api.GET('/api/companies/{companyId}/features', { params: { path: { companyId: company.id } } }))).features, [company.id]);
  const { totals, seats } = company;
  const now: [string, string, string?][] = [
    [names().members, number(company.memberCount)],
    [t.licenses, words().of(seats.assigned, seats.total)],
    [t.tokens, number(company.tokens)],
    [t.minutes, number(Math.floor(company.voiceSeconds / 60))],
  ];
  const ever: [string, string][] = [
    [names().calls, number(totals.calls)],
    [names().minutes, number(Math.round(totals.seconds / 60))],
    [names().solvedRate, totals.calls ? percent(totals.solved / totals.calls) : '–'],
    [names().rating, totals.ratingCount ? number(Math.round((totals.ratingSum / totals.ratingCount) * 100) / 100) : '–'],
  ];
  return (
    <div class="manage-parts">
      <Notices company={company} />
      <section>
        <div class="manage-head"><h2>{t.now}</h2>{company.logoUrl && <Face {...company} large />}</div>
        <Figures figures={now} />
        {company.plan && <p class="field-hint">{t.plan}: <bdi>{company.plan}</bdi></p>}
      </section>
      <section>
        <div class="manage-head"><h2>{t.month}</h2><a href={`${base}/dashboard`}>{t.toDashboard}</a></div>
        <Loading of={month} lines={4}>
          {({ totals: counts, growth, previous, currency, calls }) => (
            <>
              <Figures figures={OF_MONTH.map((name) => [names()[name], written(name, counts[name], currency), compared(name, growth[name], previous[name], currency)])} />
              <h3>{t.latest}</h3>
              {calls.length ? <ul class="rows manage-rows">{calls.map((call) => <CallRow key={call.id} call={call} />)}</ul> : <p class="field-hint">{t.noCalls}</p>}
            </>
          )}
        </Loading>
      </section>
      <section>
        <h2>{t.since}</h2>
        <Figures figures={ever} />
      </section>
      <Loading of={features} lines={2}>
        {(found) => found.length > 0 && (
          <section>
            <h2>{t.features}</h2>
            <ul class="rows manage-rows">
              {found.map(({ key, name, source }) => (
                <li key={key} class="row"><p class="row-name" dir="auto">{name}</p><p class="row-about">{{ plan: t.byPlan, addon: t.byAddon, license: t.byLicense }[source]}</p></li>
              ))}
            </ul>
          </section>
        )}
      </Loading>
      {role === 'admin' && <Leave id={company.id} name={company.name} />}
    </div>
  );
}

/** What is to be done, one at a time. */
function Notices({ company }: { company: Company }) {
  const t = text();
  const base = `/companies/${company.id}`;
  if (company.status === 'suspended') return <Notice said={t.suspended} to="/help" label={t.help} isWarning />;
  if (company.status === 'past_due') return <Notice said={t.pastDue} to={`${base}/money`} label={t.toMoney} isWarning />;
  if (company.memberCount === 1) return <Notice said={t.alone} to={`${base}/people`} label={t.invite} />;
  if (company.seats.total === 0) return <Notice said={t.noLicenses} to={`${base}/licenses`} label={t.getLicenses} />;
  if (company.status === 'trial' && company.trialEndsAt) return <Notice said={t.trialEnds(date(company.trialEndsAt))} to={`${base}/money`} label={t.toMoney} />;
  return null;
}

function Notice({ said, to, label, isWarning }: { said: string; to: string; label: string; isWarning?: boolean }) {
  return (
    <div class="notice" data-warning={isWarning}>
      <p>{said}</p>
      <LinkButton href={to} small>{label}</LinkButton>
    </div>
  );
}

function Own({ own }: { own: Schemas['UserCompanyView'] }) {
  const t = text();
  const type = own.licenseType as 'standard' | 'premium' | 'enterprise' | '';
  return (
    <div class="manage-parts">
      <section>
        <p class="lead">{t.memberLead}</p>
        <dl class="facts">
          <div><dt>{t.role}</dt><dd>{words()[own.role]}</dd></div>
          <div><dt>{t.license}</dt><dd>{type ? words()[type] : words().noLicense}</dd></div>
        </dl>
        {!type && <p class="field-hint">{t.noLicenseWhy}</p>}
        <div class="buttons">
          <LinkButton href="/calls" look="primary" icon="calls">{t.calls}</LinkButton>
          <LinkButton href={`/companies/${own.id}/reviews`}>{t.reviews}</LinkButton>
        </div>
      </section>
      <Leave id={own.id} name={own.name} />
    </div>
  );
}

function Leave({ id, name }: { id: string; name: string }) {
  const t = text();
  const [isAsking, ask] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const leave = async () => {
    setBusy(true);
    setError(null);
    try {
      await api.POST('/api/companies/{companyId}/leave', { params: { path: { companyId: id } } });
      go('/companies', { replace: true });
      toast(t.left(name));
      await refresh();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <section>
      <div><Button look="danger" onClick={() => ask(true)}>{t.leave}</Button></div>
      {isAsking && (
        <Confirm title={t.leaveTitle(name)} action={t.leave} isBusy={isBusy} onConfirm={() => void leave()} onClose={() => ask(false)}>
          <p>{t.leaveWhy}</p>
          <Problem error={error} />
        </Confirm>
      )}
    </section>
  );
}
