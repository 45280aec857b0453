import { api, data, page, type Schemas } from '../../api/client.ts';
import { date, locale, number } from '../../i18n/index.ts';
import { Figures } from '../../manage/Chart.tsx';
import { listed, query, Rows, useList } from '../../manage/lists.tsx';
import { money } from '../../manage/money.ts';
import { address, type PageProps } from '../../router.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { Loading } from '../../ui/States.tsx';
import { CompanyPage, type Standing } from './CompanyPage.tsx';
import { memberNames } from './memberNames.ts';
import { text } from './money-messages.ts';
import { Plan } from './Plan.tsx';
import { words } from './words.ts';

const MONTHS = 12;

export default function Money({ params }: PageProps) {
  return (
    <CompanyPage id={params.id!} title={words().money} lead={text().lead}>
      {(standing) => <All key={standing.company.id} {...standing} />}
    </CompanyPage>
  );
}

function All(standing: Standing) {
  const t = text();
  const { company, reload } = standing;
  const people = useResource(() => memberNames(company.id), [company.id]);
  const names = people.loaded.value.state === 'ready' ? people.loaded.value.value : null;
  const nameOf = (uid: string) => (names ? (names.get(uid) ?? words().nobody) : '…');
  const session = address.value.searchParams.get('session');
  return (
    <div class="manage-parts">
      {session && <Paid key={session} session={session} onArrived={reload} />}
      <section>
        <h2>{t.balance}</h2>
        <Figures figures={[[t.tokens, number(company.tokens)], [t.minutes, number(Math.floor(company.voiceSeconds / 60))]]} />
        <p class="field-hint">{t.held}</p>
      </section>
      <Plan {...standing} />
      <Usage companyId={company.id} nameOf={nameOf} />
      <Payments companyId={company.id} />
      <Ledger companyId={company.id} nameOf={nameOf} />
    </div>
  );
}

/** What became of the payment that Stripe sends people back from. */
function Paid({ session, onArrived }: { session: string; onArrived: () => void }) {
  const t = text();
  const found = useResource(async () => {
    const verified = await data(api.POST('/api/verify-payment', { body: { sessionId: session } }));
    if (verified.paid) onArrived();
    return verified;
  }, [session]);
  return (
    <Loading of={found} lines={1}>
      {({ paid, status }) => (
        <div class="notice" role="status">
          <p>{paid ? t.arrived : status === 'complete' ? t.onItsWay : t.notPaid}</p>
          {!paid && status === 'complete' && <Button small onClick={found.reload}>{t.again}</Button>}
        </div>
      )}
    </Loading>
  );
}

/** The latest months in UTC, as the API counts them: "2026-11". */
function latestMonths(): string[] {
  const now = new Date();
  return Array.from({ length: MONTHS }, (_, before) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - before, 1)).toISOString().slice(0, 7));
}

const monthName = (month: string): string => new Intl.DateTimeFormat(locale.value, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${month}-01T00:00:00Z`));

function Usage({ companyId, nameOf }: { companyId: string; nameOf: (uid: string) => string }) {
  const t = text();
  const months = latestMonths();
  const [chosen, choose] = query('month');
  const month = months.includes(chosen) ? chosen : months[0]!;
  const used = useResource(() => data(api.GET('/api/companies/{companyId}/usage', { params: { path: { companyId }, query: { from: month, to: month, by: 'member' } } })), [companyId, month]);
  const minutes = (seconds: number) => number(Math.round(seconds / 6) / 10);
  return (
    <section>
      <div class="manage-head">
        <h2>{t.usage}</h2>
        <SelectField label={t.month} value={month} choices={months.map((value) => ({ value, label: monthName(value) }))} onValue={choose} />
      </div>
      <Loading of={used} lines={3}>
        {({ series, totals }) =>
          series.length === 0 ? <p class="field-hint">{t.nothingUsed}</p> : (
            <>
              <Figures figures={[[t.usedTokens, number(totals.tokens)], [t.usedMinutes, minutes(totals.voiceSeconds)]]} />
              <div class="scrolls" tabIndex={0} role="region" aria-label={t.usage}>
                <table class="table">
                  <thead><tr><th scope="col">{t.who}</th><th scope="col">{t.usedTokens}</th><th scope="col">{t.usedMinutes}</th></tr></thead>
                  <tbody>
                    {[...series].sort((one, other) => other.tokens - one.tokens || other.voiceSeconds - one.voiceSeconds).map((each) => (
                      <tr key={each.userId}><th scope="row" dir="auto">{nameOf(each.userId ?? '')}</th><td>{number(each.tokens)}</td><td>{minutes(each.voiceSeconds)}</td></tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </>
          )
        }
      </Loading>
    </section>
  );
}

function Payments({ companyId }: { companyId: string }) {
  const t = text();
  const list = useList(async (cursor) => {
    const { data: found, meta } = await page(api.GET('/api/payments', { params: { query: { companyId, limit: 10, ...cursor } } }));
    return listed(found.payments, meta);
  });
  return (
    <section>
      <h2>{t.payments}</h2>
      <Rows of={list} empty={<p class="field-hint">{t.noPayments}</p>}>
        {(payment: Schemas['PaymentView']) => (
          <li key={payment.id} class="row">
            <div class="row-main">
              <p class="row-name" dir="auto">{payment.description || payment.number || t[payment.status]}</p>
              <p class="row-about">
                {payment.status !== 'paid' && <span class="tag" data-status={payment.status}>{t[payment.status]}</span>}
                <time dateTime={payment.issuedAt}>{date(payment.issuedAt, 'long')}</time>
                {payment.description && payment.number && <bdi dir="ltr">{payment.number}</bdi>}
              </p>
            </div>
            <p><bdi dir="ltr">{money(payment.amount, payment.currency)}</bdi></p>
          </li>
        )}
      </Rows>
    </section>
  );
}

function Ledger({ companyId, nameOf }: { companyId: string; nameOf: (uid: string) => string }) {
  const t = text();
  const list = useList(async (cursor) => {
    const { data: found, meta } = await page(api.GET('/api/companies/{companyId}/ledger', { params: { path: { companyId }, query: { limit: 25, ...cursor } } }));
    return listed(found.entries, meta);
  });
  const signed = (value: number) => new Intl.NumberFormat(locale.value, { signDisplay: 'exceptZero', maximumFractionDigits: 1 }).format(value);
  return (
    <section>
      <h2>{t.ledger}</h2>
      <Rows of={list} empty={<p class="field-hint">{t.noLedger}</p>}>
        {(entry: Schemas['CompanyEntryView']) => {
          // What is held only moves between what is there and what is free.
          const count = entry.amount === 0 ? -entry.held : entry.amount;
          return (
            <li key={entry.id} class="row">
              <div class="row-main">
                <p class="row-name" dir="auto">{t[entry.kind]}{entry.userId && `: ${nameOf(entry.userId)}`}</p>
                <p class="row-about">
                  {entry.reason && <bdi>{entry.reason}</bdi>}
                  <time dateTime={entry.createdAt}>{date(entry.createdAt, 'long')}</time>
                </p>
              </div>
              <p><bdi dir="ltr">{signed(entry.meter === 'tokens' ? count : count / 60)}</bdi> {entry.meter === 'tokens' ? t.tokens : t.minutes}</p>
            </li>
          );
        }}
      </Rows>
    </section>
  );
}
