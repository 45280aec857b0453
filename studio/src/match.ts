export type Params = Record<string, string>;

/** The parameters if `path` is one of the pattern's, or null. */
export function match(pattern: string, path: string): Params | null {
  const wanted = pattern.split('/');
  const given = path.replace(/(.)\/$/, '$1').split('/');
  if (wanted.length !== given.length) return null;
  const params: Params = {};
  for (const [place, part] of wanted.entries()) {
    const value = given[place]!;
    if (part.startsWith(':') && value) {
      try {
        params[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null; // a broken escape
      }
    } else if (part !== value) return null;
  }
  return params;
}
