/** The text in parts of at most `most` characters, divided after sentences, else between words. */
export function parts(text: string, most: number): string[] {
  const found: string[] = [];
  let rest = text.trim();
  while (rest.length > most) {
    const start = rest.slice(0, most);
    const sentence = Math.max(...['. ', '? ', '! ', '。', '؟ '].map((end) => start.lastIndexOf(end) + (start.includes(end) ? 1 : 0)));
    const at = sentence > 0 ? sentence : Math.max(start.lastIndexOf(' '), 0) || most;
    found.push(rest.slice(0, at).trim());
    rest = rest.slice(at).trim();
  }
  return rest ? [...found, rest] : found;
}
