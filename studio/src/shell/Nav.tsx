// A rail beside wide pages, a bar under narrow ones; on bare pages a line at the top.
import { useEffect, useRef } from 'preact/hooks';
import { chooseLocale, locale, LOCALES, number, type Locale } from '../i18n/index.ts';
import { running } from '../jobs/follow.ts';
import { path } from '../router.ts';
import { isAdmin, mayLeave, me, signOut, state } from '../session/session.ts';
import { unread } from '../session/unread.ts';
import { chooseTheme, theme, THEMES, type Theme } from '../state/theme.ts';
import { Icon } from '../ui/Icon.tsx';
import { openKeys } from './Keys.tsx';
import { text } from './messages.ts';
import { places, type Place } from './places.ts';

const GROUPS = ['make', 'keep', 'meet', 'manage'] as const;
const IN_BAR = 4;

const isHere = (place: Place): boolean => path.value === place.path || path.value.startsWith(`${place.path}/`);

const visible = (): Place[] => places.filter((place) => !place.admins || isAdmin.value);

export function Nav({ isBare }: { isBare: boolean }) {
  const t = text();
  if (isBare) {
    return (
      <header class="top">
        <Brand />
        <nav class="top-links" aria-label={t.main}>
          {state.value === 'in' ? <a href="/speak">{t.speak}</a> : path.value !== '/sign-in' && <a href="/sign-in">{t.signIn}</a>}
        </nav>
        <Menu />
      </header>
    );
  }
  return (
    <header class="rail">
      <Brand />
      <nav class="rail-nav" aria-label={t.main}>
        {GROUPS.map((group) => {
          const listed = visible().filter((place) => place.group === group);
          return listed.length > 0 && <ul key={group}>{listed.map((place) => <Item key={place.path} place={place} rank={visible().indexOf(place)} />)}</ul>;
        })}
      </nav>
      <div class="rail-foot">
        {running.value.length > 0 && <a class="rail-running" href="/history"><span class="pulse" /><span>{t.running(running.value.length)}</span></a>}
        {me.value && <a class="rail-tokens" href="/wallet">{t.tokens(me.value.tokens)}</a>}
        <Menu />
      </div>
    </header>
  );
}

function Item({ place, rank }: { place: Place; rank: number }) {
  return (
    <li data-in-bar={rank < IN_BAR || undefined}>
      <a href={place.path} aria-current={isHere(place) ? 'page' : undefined}>
        <Icon name={place.icon} />
        <span>{text()[place.name]}</span>
        {place.name === 'notifications' && unread.value > 0 && <span class="tag">{number(unread.value)}<span class="visually-hidden"> {text().unread}</span></span>}
      </a>
    </li>
  );
}

function Brand() {
  return (
    <a class="brand" href="/">
      <svg viewBox="0 0 26 24" width="26" height="24" aria-hidden="true">
        {[8, 16, 24, 13].map((tall, place) => <rect key={place} x={place * 7} y={12 - tall / 2} width="4.6" height={tall} rx="2.3" />)}
      </svg>
      <span>Troupe</span>
    </a>
  );
}

/** Account, places that the bar has no room for, appearance, language, keys. */
function Menu() {
  const t = text();
  const details = useRef<HTMLDetailsElement>(null);
  const name = me.value ? (me.value.isGuest ? t.guest : me.value.name || me.value.username || me.value.email) : null;
  useEffect(() => {
    const close = (event: Event) => {
      const menu = details.current;
      if (!menu?.open) return;
      if (event instanceof KeyboardEvent) {
        if (event.key !== 'Escape') return;
        menu.querySelector('summary')?.focus();
      } else if (menu.contains(event.target as Node) && !(event.target as Element).closest('a, button')) return;
      menu.open = false;
    };
    document.addEventListener('click', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('click', close);
      document.removeEventListener('keydown', close);
    };
  }, []);
  return (
    <details class="menu" ref={details}>
      <summary>
        <span class="menu-face" aria-hidden="true" data-letter={name && [...name][0]!.toUpperCase()}>{!name && <Icon name="more" />}</span>
        <span class="menu-name" dir="auto">{name ?? t.more}</span>
      </summary>
      <div class="menu-sheet">
        {me.value?.isGuest && <a class="menu-lit" href="/sign-up">{t.keepWork}</a>}
        {me.value && <a class="menu-item" href="/account">{t.account}</a>}
        <ul class="menu-places">{visible().map((place) => <Item key={place.path} place={place} rank={visible().indexOf(place)} />)}</ul>
        <label class="menu-row">
          <span>{t.theme}</span>
          <select onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}>
            {THEMES.map((each) => <option key={each} value={each} selected={theme.value === each}>{t[each]}</option>)}
          </select>
        </label>
        <label class="menu-row">
          <span>{t.language}</span>
          <select onChange={(event) => chooseLocale(event.currentTarget.value as Locale)}>
            {Object.entries(LOCALES).map(([code, own]) => <option key={code} value={code} lang={code} selected={locale.value === code}>{own}</option>)}
          </select>
        </label>
        <button type="button" class="menu-item" onClick={openKeys}>{t.keys} <kbd>?</kbd></button>
        {state.value === 'in' || state.value === 'suspended' ? (
          <button type="button" class="menu-item" onClick={() => void mayLeave().then((may) => { if (may) void signOut(); })}>{t.signOut}</button>
        ) : (
          <a class="menu-item" href="/sign-in">{t.signIn}</a>
        )}
      </div>
    </details>
  );
}
