// What the rail and the bottom bar list. The bar has room for the first four; "More" has the rest.
import type { IconName } from '../ui/Icon.tsx';

export interface Place {
  path: string;
  /** The name of its message in messages.ts. */
  name: 'speak' | 'history' | 'characters' | 'scripts' | 'dubbing' | 'files' | 'rooms' | 'calls' | 'wallet' | 'notifications' | 'companies' | 'help' | 'admin';
  icon: IconName;
  group: 'make' | 'keep' | 'meet' | 'manage';
  admins?: boolean;
}

export const places: Place[] = [
  { path: '/speak', name: 'speak', icon: 'speak', group: 'make' },
  { path: '/characters', name: 'characters', icon: 'characters', group: 'make' },
  { path: '/scripts', name: 'scripts', icon: 'scripts', group: 'make' },
  { path: '/dubbing', name: 'dubbing', icon: 'dubbing', group: 'make' },
  { path: '/history', name: 'history', icon: 'history', group: 'keep' },
  { path: '/files', name: 'files', icon: 'files', group: 'keep' },
  { path: '/rooms', name: 'rooms', icon: 'rooms', group: 'meet' },
  { path: '/calls', name: 'calls', icon: 'calls', group: 'meet' },
  { path: '/companies', name: 'companies', icon: 'companies', group: 'meet' },
  { path: '/wallet', name: 'wallet', icon: 'wallet', group: 'manage' },
  { path: '/notifications', name: 'notifications', icon: 'notifications', group: 'manage' },
  { path: '/help', name: 'help', icon: 'help', group: 'manage' },
  { path: '/admin', name: 'admin', icon: 'admin', group: 'manage', admins: true },
];
