// Notifications name what they are about by its path in the API.
import { match } from '../../match.ts';
import { routes } from '../../routes.ts';

const PAGES: [RegExp, string][] = [
  [/^\/api\/voice\/generations\/([^/]+)$/, '/history/'],
  [/^\/api\/scripts\/([^/]+)$/, '/scripts/'],
  [/^\/api\/characters\/([^/]+)$/, '/characters/'],
  [/^\/api\/dubbing\/([^/]+)$/, '/dubbing/'],
  [/^\/api\/rooms\/([^/]+)$/, '/rooms/'],
  [/^\/api\/videocalls\/([^/]+)$/, '/calls/'],
  [/^\/api\/companies\/([^/]+)(?:\/exports\/[^/]+)?$/, '/companies/'],
  [/^\/api\/subscriptions\/my-subscription()$/, '/plans'],
  [/^\/api\/auth\/export\/[^/]+()$/, '/account'],
];

/** The page about it; null if the studio has none. */
export function pageOf(link: string): string | null {
  for (const [pattern, page] of PAGES) {
    const id = pattern.exec(link)?.[1];
    const path = id === undefined ? null : page + id;
    if (path && routes.some((route) => match(route.path, path))) return path;
  }
  return null;
}
