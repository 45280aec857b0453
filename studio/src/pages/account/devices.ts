// What a browser calls itself, in names that people know. Edge and Opera claim to be Chrome, and
// Chrome claims to be Safari: the order matters.
const BROWSERS: [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, 'Edge'],
  [/OPR\/|Opera/, 'Opera'],
  [/Firefox\/|FxiOS/, 'Firefox'],
  [/Chrome\/|CriOS/, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
];

const find = (known: [RegExp, string][], agent: string): string => known.find(([pattern]) => pattern.test(agent))?.[1] ?? '';

/** The browser and its system, each "" if unknown. */
export const device = (userAgent: string): { browser: string; system: string } => ({
  browser: find(BROWSERS, userAgent),
  system: find(SYSTEMS, userAgent),
});
