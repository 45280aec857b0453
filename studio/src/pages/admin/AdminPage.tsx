import { Sections, type PageParts } from '../../manage/Sections.tsx';
import { common } from './messages.ts';

const SECTIONS = [
  ['/admin', 'overview'],
  ['/admin/users', 'users'],
  ['/admin/plans', 'catalogue'],
  ['/admin/payments', 'payments'],
  ['/admin/jobs', 'jobs'],
  ['/admin/reports', 'reports'],
  ['/admin/contacts', 'contacts'],
  ['/admin/faq', 'faq'],
  ['/admin/audit', 'audit'],
  ['/admin/metrics', 'metrics'],
] as const;

export function AdminPage(page: PageParts) {
  const t = common();
  return <Sections label={t.sections} sections={SECTIONS.map(([place, name]) => [place, t[name]])} {...page} />;
}
