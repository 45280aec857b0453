// The frame of the pages of administrators: what leads from one to another, and the title.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { path } from '../../router.ts';
import { Page } from '../../ui/Page.tsx';
import { common } from './messages.ts';
import './admin.css';

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

interface Props {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function AdminPage({ title, lead, actions, children }: Props) {
  const t = common();
  const sections = useRef<HTMLElement>(null);
  useEffect(() => sections.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }), []);
  const isHere = (place: string) => path.value === place || (place !== '/admin' && path.value.startsWith(`${place}/`));
  return (
    <div class="admin">
      <nav ref={sections} class="admin-nav" aria-label={t.sections}>
        <ul>
          {SECTIONS.map(([place, name]) => (
            <li key={place}><a href={place} aria-current={isHere(place) ? 'page' : undefined}>{t[name]}</a></li>
          ))}
        </ul>
      </nav>
      <Page title={title} lead={lead} actions={actions} wide>{children}</Page>
    </div>
  );
}
