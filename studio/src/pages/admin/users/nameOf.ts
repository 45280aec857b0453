import { text } from './messages.ts';

/** Guests have neither a name nor an address. */
export function nameOf(user: { name: string; username: string; email: string; isGuest: boolean }): string {
  return user.name || user.username || user.email || (user.isGuest ? text().guest : text().noName);
}
