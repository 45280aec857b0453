import '../../manage/manage.css';
import { me } from '../../session/session.ts';
import { LinkButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty } from '../../ui/States.tsx';
import { Keys, MakeButton, useMaking } from './Keys.tsx';
import { text } from './messages.ts';

export default function Own() {
  const t = text();
  const making = useMaking();
  const isGuest = me.value?.isGuest ?? false;
  return (
    <div class="manage">
      <Page title={t.title} lead={t.lead} actions={!isGuest && <MakeButton making={making} />}>
        {isGuest ? (
          <Empty title={t.empty} action={<LinkButton href="/sign-up?to=/account/keys" look="primary">{t.account}</LinkButton>}>{t.guest}</Empty>
        ) : (
          <Keys making={making} />
        )}
      </Page>
    </div>
  );
}
