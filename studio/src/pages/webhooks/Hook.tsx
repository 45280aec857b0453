// One webhook: which events it sends, whether it works, and what was sent.
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { date } from '../../i18n/index.ts';
import { go } from '../../router.ts';
import { useConfig } from '../../state/config.ts';
import type { Resource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { remove } from '../../ui/removal.ts';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { Deliveries } from './Deliveries.tsx';
import { HookForm } from './HookForm.tsx';
import { text } from './messages.ts';
import { Secret } from './Secret.tsx';

type View = Schemas['WebhookView'];
type Doing = 'change' | 'secret' | 'rotate' | null;

export function Hook({ of: hook, base, resource }: { of: View; base: string; resource: Resource<View> }) {
  const t = text();
  const isOff = useConfig()?.features.webhooks === false;
  const [doing, setDoing] = useState<Doing>(null);
  const [rotated, setRotated] = useState<string | undefined>();
  const [sent, setSent] = useState(0);
  const [busy, setBusy] = useState<'test' | 'switch' | null>(null);
  const [error, setError] = useState<unknown>(null);
  const params = { path: { webhookId: hook.id } };
  const close = () => setDoing(null);
  const act = async (what: 'test' | 'switch', action: () => Promise<void>) => {
    setBusy(what);
    setError(null);
    await action().catch(setError);
    setBusy(null);
  };
  const test = () => act('test', async () => {
    await data(api.POST('/api/webhooks/{webhookId}/test', { params }));
    setSent((count) => count + 1);
  });
  const turn = () => act('switch', async () => {
    const { webhook } = await data(api.PUT('/api/webhooks/{webhookId}', { params, body: { enabled: !hook.enabled } }));
    resource.change(() => webhook);
    toast(webhook.enabled ? t.switchedOn : t.switchedOff);
  });
  const drop = () => {
    go(base);
    remove(hook.id, t, () => api.DELETE('/api/webhooks/{webhookId}', { params }), () => go(`${base}/${hook.id}`));
  };
  return (
    <div class="manage-parts">
      <section>
        {!hook.enabled && <p class="shortage">{hook.disabledReason === 'gone' ? t.offByGone : hook.disabledReason === 'failing' ? t.offByFailing : t.offByOwner}</p>}
        {hook.enabled && hook.failingSince && <p class="shortage">{t.failingSince(date(hook.failingSince, 'long'))}</p>}
        <div class="buttons">
          {!isOff && <Button look="primary" isBusy={busy === 'test'} onClick={() => void test()}>{t.test}</Button>}
          <Button small isBusy={busy === 'switch'} onClick={() => void turn()}>{hook.enabled ? t.switchOff : t.switchOn}</Button>
          <Button small onClick={() => setDoing('change')}>{t.change}</Button>
          {!isOff && <Button small onClick={() => setDoing('secret')}>{t.secret}</Button>}
          {!isOff && <Button small onClick={() => setDoing('rotate')}>{t.rotate}</Button>}
          <Button small look="danger" icon="delete" onClick={drop}>{t.remove}</Button>
        </div>
        <Problem error={error} />
        <dl class="facts">
          <div><dt>{t.sends}</dt><dd>{t.events(hook.events.length)}</dd></div>
          <div><dt>{t.made}</dt><dd>{date(hook.createdAt, 'long')}</dd></div>
          {hook.previousValidUntil && new Date(hook.previousValidUntil) > new Date() && <div><dt>{t.overlap}</dt><dd>{date(hook.previousValidUntil, 'long')}</dd></div>}
        </dl>
        <p class="row-about">{hook.events.map((each) => <code key={each} dir="ltr" translate={false}>{each}</code>)}</p>
      </section>
      <Deliveries of={hook} sent={sent} />
      {doing === 'change' && <HookForm companyId={hook.companyId ?? undefined} of={hook} onChanged={(changed) => { resource.change(() => changed); toast(t.changed); close(); }} onClose={close} />}
      {doing === 'rotate' && <Rotate id={hook.id} onRotated={(secret) => { setRotated(secret); setDoing('secret'); resource.reload(); }} onClose={close} />}
      {doing === 'secret' && <Secret id={hook.id} known={rotated} onClose={() => { setRotated(undefined); close(); }} />}
    </div>
  );
}

function Rotate({ id, onRotated, onClose }: { id: string; onRotated: (secret: string) => void; onClose: () => void }) {
  const t = text();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const rotate = () => {
    setBusy(true);
    setError(null);
    data(api.POST('/api/webhooks/{webhookId}/rotate', { params: { path: { webhookId: id } } })).then(
      ({ secret }) => onRotated(secret),
      (caught: unknown) => {
        setError(caught);
        setBusy(false);
      },
    );
  };
  return (
    <Confirm title={t.rotateTitle} action={t.rotate} isBusy={isBusy} onConfirm={rotate} onClose={onClose}>
      <p>{t.rotateWhy}</p>
      <Problem error={error} />
    </Confirm>
  );
}
