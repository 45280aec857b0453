import { address } from '../router.ts';

/** Where to go after signing in: only within the studio. In a dialog, that is where one is. */
export function target(): string {
  const { pathname, search, searchParams } = address.value;
  if (pathname !== '/sign-in' && pathname !== '/sign-up') return pathname + search;
  const to = searchParams.get('to') ?? '';
  return /^\/(?![/\\])/.test(to) ? to : '/speak';
}
