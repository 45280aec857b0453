import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../../api/client.ts';
import { ago, date } from '../../../i18n/index.ts';
import { Button } from '../../../ui/Button.tsx';
import { SelectField } from '../../../ui/Field.tsx';
import { Empty } from '../../../ui/States.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { FormDialog } from '../../../manage/FormDialog.tsx';
import { listed, oneOf, query, Rows, useList } from '../../../manage/lists.tsx';
import { common } from '../messages.ts';
import { text } from './messages.ts';

type Report = Schemas['ReportView'];
const STATUSES = ['open', 'resolved', 'dismissed'] as const;
const OF_CHARACTERS = ['dismiss', 'resolve', 'hide_character', 'revoke_consent', 'suspend_user'] as const;
const OF_USERS = ['dismiss', 'resolve', 'suspend_user'] as const;
type Decision = (typeof OF_CHARACTERS)[number];

export default function Reports() {
  const t = text();
  const [chosen, setStatus] = query('status');
  const status = chosen === 'all' ? undefined : (oneOf(chosen, STATUSES) ?? 'open');
  const [decided, setDecided] = useState<Report | null>(null);
  const reports = useList<Report>(async (cursor) => {
    const { data: found, meta } = await page(api.GET('/api/admin/reports', { params: { query: { limit: 25, ...(status && { status }), ...cursor } } }));
    return listed(found.reports, meta);
  }, [status]);
  return (
    <AdminPage title={t.reports}>
      <div class="filters">
        <SelectField label={t.status} value={status ?? 'all'} choices={[...STATUSES.map((value) => ({ value, label: t[value] })), { value: 'all', label: common().all }]} onValue={setStatus} />
      </div>
      <Rows of={reports} empty={<Empty title={t.noReports}>{t.noReportsWhy}</Empty>}>
        {(report) => (
          <li key={report.id} class="row">
            <div class="row-main">
              <p class="row-name" dir="auto">{report.subjectName || t.unnamed}</p>
              <p class="row-said" dir="auto">{report.reason}</p>
              <p class="row-about">
                <span class="tag" data-status={report.status}>{t[report.status]}</span>
                <span>{t[report.subjectKind]}</span>
                {report.action && <span>{t[`did_${report.action}`]}</span>}
                <a href={`/admin/users/${report.subjectOwnerId}`}>{t.owner}</a>
                <a href={`/admin/users/${report.reporterId}`}>{t.reporter}</a>
                <time dateTime={report.createdAt} title={date(report.createdAt, 'long')}>{ago(report.createdAt)}</time>
              </p>
            </div>
            {report.status === 'open' && <div class="row-buttons"><Button small onClick={() => setDecided(report)}>{t.decide}</Button></div>}
          </li>
        )}
      </Rows>
      {decided && (
        <Decide
          report={decided}
          onClose={() => setDecided(null)}
          onDone={() => {
            setDecided(null);
            toast(t.decided);
            reports.reload();
          }}
        />
      )}
    </AdminPage>
  );
}

function Decide({ report, onDone, onClose }: { report: Report; onDone: () => void; onClose: () => void }) {
  const t = text();
  const decisions: readonly Decision[] = report.subjectKind === 'character' ? OF_CHARACTERS : OF_USERS;
  const [decision, setDecision] = useState<Decision>('dismiss');
  const save = () => {
    const action = decision === 'dismiss' || decision === 'resolve' ? null : decision;
    const body = { status: decision === 'dismiss' ? ('dismissed' as const) : ('resolved' as const), ...(action && { action }) };
    return data(api.PUT('/api/admin/reports/{reportId}', { params: { path: { reportId: report.id } }, body }));
  };
  return (
    <FormDialog title={t.decideTitle} action={t.decide} save={save} onSaved={onDone} onClose={onClose}>
      {() => (
        <>
          <p class="row-name" dir="auto">{report.subjectName || t.unnamed}</p>
          <p class="row-said" dir="auto">{report.reason}</p>
          <SelectField label={t.decision} hint={t.decisionHint} value={decision} choices={decisions.map((value) => ({ value, label: t[value] }))} onValue={(value) => setDecision(oneOf(value, decisions) ?? 'dismiss')} />
        </>
      )}
    </FormDialog>
  );
}
