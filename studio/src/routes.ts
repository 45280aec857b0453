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
  { path: '/characters', load: () => import('./pages/characters/Characters.tsx') },
  { path: '/characters/new', load: () => import('./pages/characters/New.tsx') },
  { path: '/characters/:id', load: () => import('./pages/characters/Character.tsx') },
  { path: '/characters/:id/edit', load: () => import('./pages/characters/Edit.tsx') },
  { path: '/account', load: () => import('./pages/account/Account.tsx') },
  { path: '/help', load: () => import('./pages/help/Help.tsx'), for: 'everybody' },
  { path: '/scripts', load: () => import('./pages/scripts/Scripts.tsx') },
  { path: '/scripts/new', load: () => import('./pages/scripts/NewScript.tsx') },
  { path: '/scripts/:id', load: () => import('./pages/scripts/Editor.tsx') },
  { path: '/scripts/:id/film', load: () => import('./pages/scripts/Film.tsx') },
  { path: '/wallet', load: () => import('./pages/wallet/Wallet.tsx') },
  { path: '/plans', load: () => import('./pages/plans/Plans.tsx'), for: 'everybody' },
  { path: '/checkout/done', load: () => import('./pages/plans/Checkout.tsx') },
  { path: '/checkout/cancelled', load: () => import('./pages/plans/Checkout.tsx') },
  { path: '/files', load: () => import('./pages/files/Files.tsx') },
  { path: '/notifications', load: () => import('./pages/notifications/Notifications.tsx') },
];
