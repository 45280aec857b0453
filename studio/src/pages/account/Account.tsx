import { failure, me, refresh } from '../../session/session.ts';
import { LinkButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Failure } from '../../ui/States.tsx';
import { Activity } from './Activity.tsx';
import { YourData } from './YourData.tsx';
import { Looks } from './Looks.tsx';
import { text } from './messages.ts';
import { Password } from './Password.tsx';
import { Profile } from './Profile.tsx';
import { Sessions } from './Sessions.tsx';
import './account.css';

export default function Account() {
  const t = text();
  const user = me.value;
  if (!user) return <Page title={t.title}><Failure error={failure.value} onRetry={() => void refresh()} /></Page>;
  return (
    <Page title={t.title}>
      <div class="account">
        {user.isGuest && (
          <section class="keep">
            <h2>{t.guestTitle}</h2>
            <p>{t.guestWhy}</p>
            <LinkButton href="/sign-up?to=/account" look="primary">{t.guestAction}</LinkButton>
          </section>
        )}
        <Profile user={user} />
        <Looks user={user} />
        {!user.isGuest && <Password user={user} />}
        <Sessions />
        {!user.isGuest && (
          <section>
            <h2>{t.keys}</h2>
            <p class="section-why">{t.keysWhy}</p>
            <div class="buttons">
              <LinkButton href="/account/keys" small>{t.toKeys}</LinkButton>
              <LinkButton href="/account/webhooks" small>{t.toWebhooks}</LinkButton>
            </div>
          </section>
        )}
        <Activity />
        <YourData user={user} />
      </div>
    </Page>
  );
}
