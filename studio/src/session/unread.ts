// How many notifications are unread, for the navigation: asked for when somebody comes, and while
// they go from page to page, once a minute.
import { effect, signal } from '@preact/signals';
import { api, data } from '../api/client.ts';
import { path } from '../router.ts';
import { state } from './session.ts';

const PAUSE = 60_000;

export const unread = signal(0);
let asked = 0;

export async function countUnread(): Promise<void> {
  asked = Date.now();
  try {
    unread.value = (await data(api.GET('/api/notifications/unread'))).unread;
  } catch {
    // The number stays as it was; the page says what is wrong.
  }
}

export function watchUnread(): void {
  effect(() => {
    void path.value;
    if (state.value === 'out') {
      unread.value = 0;
      asked = 0;
    }
    if (state.value === 'in' && Date.now() - asked > PAUSE) void countUnread();
  });
}
