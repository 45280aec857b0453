// English with accents, 40 % longer: shows what is not translated, and what does not fit.
const ACCENTS: Record<string, string> = {
  a: 'á', c: 'ç', e: 'é', i: 'í', n: 'ñ', o: 'ó', s: 'š', u: 'ú', y: 'ý', A: 'Á', C: 'Ç', E: 'É', I: 'Í', O: 'Ó', S: 'Š', U: 'Ú',
};

export function accented(text: string): string {
  const changed = text.replace(/[A-Za-z]/g, (letter) => ACCENTS[letter] ?? letter);
  const more = '~'.repeat(Math.ceil(text.length * 0.4));
  return `${changed} ${more.replace(/~{12}(?=~)/g, '$& ')}`;
}

export function pseudo(messages: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(messages).map(([name, message]) => [
      name,
      typeof message === 'function'
        ? (...values: unknown[]) => accented(message(...values) as string)
        : accented(message as string),
    ]),
  );
}
