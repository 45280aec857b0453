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
  { path: '/rooms', load: () => import('./pages/rooms/Rooms.tsx') },
  { path: '/rooms/new', load: () => import('./pages/rooms/New.tsx') },
  { path: '/rooms/join', load: () => import('./pages/rooms/Join.tsx'), for: 'everybody' },
  { path: '/join', load: () => import('./pages/rooms/Join.tsx'), for: 'everybody' },
  { path: '/rooms/:id', load: () => import('./pages/rooms/Room.tsx') },
  { path: '/calls', load: () => import('./pages/calls/Calls.tsx') },
  { path: '/calls/new', load: () => import('./pages/calls/New.tsx') },
  { path: '/calls/:id', load: () => import('./pages/calls/Call.tsx') },
  { path: '/characters', load: () => import('./pages/characters/Characters.tsx') },
  { path: '/characters/new', load: () => import('./pages/characters/New.tsx') },
  { path: '/characters/:id', load: () => import('./pages/characters/Character.tsx') },
  { path: '/characters/:id/edit', load: () => import('./pages/characters/Edit.tsx') },
  { path: '/account', load: () => import('./pages/account/Account.tsx') },
  { path: '/help', load: () => import('./pages/help/Help.tsx'), for: 'everybody' },
];
