import { LinkButton } from '../ui/Button.tsx';
import { Page } from '../ui/Page.tsx';
import { text } from './messages.ts';

export function NotFound() {
  const t = text();
  return (
    <Page title={t.notFound} lead={t.notFoundWhy}>
      <LinkButton href="/" look="primary">{t.toStart}</LinkButton>
    </Page>
  );
}
