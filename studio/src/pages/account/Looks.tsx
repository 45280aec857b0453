import { api, data } from '../../api/client.ts';
import { chooseLocale, locale, LOCALES, type Locale } from '../../i18n/index.ts';
import { me, type Me } from '../../session/session.ts';
import { chooseTheme, theme, THEMES, type Theme } from '../../state/theme.ts';
import { Choices } from '../../ui/Field.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';

/** Set at once. The language is saved in the profile, too, for mails and for other browsers. */
export function Looks({ user }: { user: Me }) {
  const t = text();
  const speak = (chosen: Locale) => {
    chooseLocale(chosen);
    if (user.language.slice(0, 2) === chosen) return;
    data(api.PUT('/api/auth/profile', { body: { language: chosen } })).then(
      ({ user: changed }) => (me.value = changed),
      () => toast(text().notKept),
    );
  };
  return (
    <section>
      <h2>{t.looks}</h2>
      <div class="account-form">
        <Choices label={t.language} value={locale.value} choices={Object.entries(LOCALES).map(([value, label]) => ({ value, label }))} onValue={(value) => speak(value as Locale)} />
        <Choices label={t.theme} value={theme.value} choices={THEMES.map((each) => ({ value: each, label: t[each] }))} onValue={(value) => chooseTheme(value as Theme)} />
      </div>
    </section>
  );
}
