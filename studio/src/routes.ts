// The table of pages. A new prefix also goes into ../paths.json, which Hosting's rewrites come from.
import type { Route } from './router.ts';

export const routes: Route[] = [
  { path: '/', load: () => import('./pages/landing/Landing.tsx'), for: 'everybody', bare: true },
  { path: '/sign-in', load: () => import('./pages/sign-in/SignIn.tsx'), for: 'everybody', bare: true },
  { path: '/sign-up', load: () => import('./pages/sign-in/SignUp.tsx'), for: 'everybody', bare: true },
  { path: '/auth/action', load: () => import('./pages/sign-in/Action.tsx'), for: 'everybody', bare: true },
  { path: '/speak', load: () => import('./pages/speak/Speak.tsx'), for: 'everybody' },
  { path: '/history', load: () => import('./pages/history/History.tsx') },
  { path: '/history/:id', load: () => import('./pages/history/Recording.tsx') },
  { path: '/admin', load: () => import('./pages/admin/overview/Overview.tsx'), for: 'admins' },
  { path: '/admin/users', load: () => import('./pages/admin/users/Users.tsx'), for: 'admins' },
  { path: '/admin/users/:id', load: () => import('./pages/admin/users/User.tsx'), for: 'admins' },
  { path: '/admin/plans', load: () => import('./pages/admin/catalogue/Plans.tsx'), for: 'admins' },
  { path: '/admin/payments', load: () => import('./pages/admin/payments/Payments.tsx'), for: 'admins' },
  { path: '/admin/jobs', load: () => import('./pages/admin/jobs/Jobs.tsx'), for: 'admins' },
  { path: '/admin/reports', load: () => import('./pages/admin/desk/Reports.tsx'), for: 'admins' },
  { path: '/admin/contacts', load: () => import('./pages/admin/desk/Contacts.tsx'), for: 'admins' },
  { path: '/admin/faq', load: () => import('./pages/admin/desk/Faq.tsx'), for: 'admins' },
  { path: '/admin/audit', load: () => import('./pages/admin/audit/Audit.tsx'), for: 'admins' },
  { path: '/admin/metrics', load: () => import('./pages/admin/metrics/Metrics.tsx'), for: 'admins' },
];
