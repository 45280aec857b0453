// Addresses and pages. A page is a chunk that is loaded when its address is first visited.
import { computed, signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { match, type Params } from './match.ts';

export { match };
export interface PageProps {
  params: Params;
}
export interface Route {
  /** "/history/:id" */
  path: string;
  load: () => Promise<{ default: ComponentType<PageProps> }>;
  /** Who sees it: everybody, somebody signed in, or administrators. */
  for?: 'everybody' | 'users' | 'admins';
  /** Without the rail: landing, sign-in. */
  bare?: boolean;
}

export const address = signal(new URL(location.href));
export const path = computed(() => address.value.pathname);

/** A question that is asked before the page is left, or null. */
export const leaving = signal<(() => boolean) | null>(null);

export function go(to: string, options: { replace?: boolean } = {}): void {
  const url = new URL(to, location.origin);
  const isSamePage = url.pathname === location.pathname;
  if (leaving.value && !isSamePage && !leaving.value()) return;
  history[options.replace ? 'replaceState' : 'pushState'](null, '', url);
  address.value = url;
  if (!url.hash && !(isSamePage && options.replace)) scrollTo(0, 0); // a filter stays in sight
}

const isOurs = (url: URL): boolean =>
  url.origin === location.origin && !url.pathname.startsWith('/api/') && !/\.\w+$/.test(url.pathname);

/** Plain links are followed within the studio. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    const url = new URL(location.href);
    if (leaving.value && url.pathname !== path.value && !leaving.value()) history.pushState(null, '', address.value);
    else address.value = url;
  });
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest?.('a');
    if (!link?.href || link.target || link.download || event.defaultPrevented) return;
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href);
    if (!isOurs(url) || (url.hash && url.pathname === location.pathname)) return;
    event.preventDefault();
    go(url.href);
  });
}
