// What stays while pages change: the navigation, the player, messages and dialogs.
import { useSignal } from '@preact/signals';
import { useEffect, useErrorBoundary } from 'preact/hooks';
import type { ComponentType } from 'preact';
import { onEnd, resume } from '../jobs/follow.ts';
import { kindOf } from '../jobs/kinds.ts';
import { Dock } from '../player/Dock.tsx';
import { hasTrack } from '../player/player.ts';
import { address, go, match, path, type PageProps, type Route } from '../router.ts';
import { routes } from '../routes.ts';
import { SignInDialog } from '../session/SignInDialog.tsx';
import { watchUnread } from '../session/unread.ts';
import { asked, isAdmin, refresh, signOut, state } from '../session/session.ts';
import { Button, LinkButton } from '../ui/Button.tsx';
import { Page } from '../ui/Page.tsx';
import { Skeleton } from '../ui/States.tsx';
import { toast, Toasts } from '../ui/toasts.tsx';
import { Keys, listenForKeys } from './Keys.tsx';
import { text } from './messages.ts';
import { Nav } from './Nav.tsx';
import { NotFound } from './NotFound.tsx';
import { OfflineBar } from './OfflineBar.tsx';

function found(): { route: Route; params: Record<string, string> } | null {
  for (const route of routes) {
    const params = match(route.path, path.value);
    if (params) return { route, params };
  }
  return null;
}

export function Shell() {
  useEffect(() => {
    listenForKeys();
    resume();
    watchUnread();
    onEnd(({ kind, id, progress }) => {
      void refresh(); // the balance
      const place = progress?.page ?? kindOf(kind).open(id);
      // A page that shows the job says it better.
      if (!progress || document.querySelector(`[data-follows="${id}"]`)) return;
      const t = text();
      const { status } = progress.job;
      const action = { label: t.open, run: () => go(place) };
      if (status === 'completed') toast(t.ready(progress.title), action);
      if (status === 'failed') toast(t.failed(progress.title), action);
    });
  }, []);
  const t = text();
  const here = found();
  const isBare = here?.route.bare ?? false;
  return (
    <div class="shell" data-bare={isBare || undefined} data-dock={hasTrack.value || undefined}>
      <a class="skip" href="#main">{t.skip}</a>
      <Nav isBare={isBare} />
      <div class="shell-main">
        <OfflineBar />
        <main id="main" tabIndex={-1}>
          {here ? <Guarded key={address.value.pathname} {...here} /> : <NotFound />}
        </main>
      </div>
      <Dock />
      <Toasts />
      {asked.value && <SignInDialog />}
      <Keys />
    </div>
  );
}

function Guarded({ route, params }: { route: Route; params: Record<string, string> }) {
  const who = route.for ?? 'users';
  if (who === 'everybody') return <Lazy route={route} params={params} />;
  if (state.value === 'unknown') return <Waiting />;
  if (state.value === 'suspended') return <Suspended />;
  if (state.value === 'out') return <SignedOut />;
  if (who === 'admins' && !isAdmin.value) return <NotFound />;
  return <Lazy route={route} params={params} />;
}

const Waiting = () => <div class="page"><Skeleton lines={5} /></div>;

const loaded = new Map<Route, ComponentType<PageProps>>();

function Lazy({ route, params }: { route: Route; params: Record<string, string> }) {
  const component = useSignal(loaded.get(route) ?? null);
  const isMissing = useSignal(false);
  const [error] = useErrorBoundary((caught) => console.error(caught));
  useEffect(() => {
    if (component.value) return;
    route.load().then(
      (module) => {
        loaded.set(route, module.default);
        component.value = module.default;
      },
      () => (isMissing.value = true),
    );
  }, []);
  if (isMissing.value || error) return <Missing />;
  const Component = component.value;
  return Component ? <Component params={params} /> : <Waiting />;
}

/** The chunk of a page is gone after a deployment, or did not arrive. */
function Missing() {
  const t = text();
  return (
    <Page title={t.newVersion} lead={t.newVersionWhy}>
      <Button look="primary" onClick={() => location.reload()}>{t.reload}</Button>
    </Page>
  );
}

function Suspended() {
  const t = text();
  return (
    <Page title={t.suspended} lead={t.suspendedWhy}>
      <div class="buttons">
        <LinkButton href="/help">{t.help}</LinkButton>
        <Button onClick={() => void signOut()}>{t.signOut}</Button>
      </div>
    </Page>
  );
}

function SignedOut() {
  const t = text();
  const back = encodeURIComponent(address.value.pathname + address.value.search);
  return (
    <Page title={t.needAccount} lead={t.needAccountWhy}>
      <LinkButton href={`/sign-in?to=${back}`} look="primary">{t.signIn}</LinkButton>
    </Page>
  );
}
