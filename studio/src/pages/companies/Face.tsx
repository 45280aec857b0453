/** The logo of a company, or its first letter. The name stands beside it. */
export function Face({ name, logoUrl, large }: { name: string; logoUrl: string; large?: boolean }) {
  const size = large ? 80 : 48;
  if (logoUrl) return <img class="company-face" data-large={large} src={logoUrl} alt="" width={size} height={size} />;
  return <span class="company-face" data-large={large} aria-hidden="true">{[...name][0]?.toUpperCase()}</span>;
}
