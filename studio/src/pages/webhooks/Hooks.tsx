// The webhooks of a person or a company.
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { date } from '../../i18n/index.ts';
import { useConfig } from '../../state/config.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { isThere } from '../../ui/removal.ts';
import { Empty, Loading } from '../../ui/States.tsx';
import { HookForm } from './HookForm.tsx';
import { text } from './messages.ts';
import { Secret } from './Secret.tsx';

interface Props {
  companyId?: string;
  /** Where each has a page of its own. */
  base: string;
  isMaking: boolean;
  setMaking: (is: boolean) => void;
}

/** Not there while the server has no webhooks. */
export function MakeButton({ onClick }: { onClick: () => void }) {
  if (useConfig()?.features.webhooks === false) return null;
  return <Button look="primary" icon="add" onClick={onClick}>{text().make}</Button>;
}

export function Hooks({ companyId, base, isMaking, setMaking }: Props) {
  const t = text();
  const isOff = useConfig()?.features.webhooks === false;
  const list = useResource(async () => (await data(api.GET('/api/webhooks', { params: { query: companyId ? { companyId } : {} } }))).webhooks, [companyId]);
  const [made, setMade] = useState<Schemas['WebhookSecret'] | null>(null);
  const showSecret = (answer: Schemas['WebhookSecret']) => {
    list.change((hooks) => [answer.webhook, ...hooks]);
    setMaking(false);
    setMade(answer);
  };
  return (
    <>
      <Loading of={list} lines={4}>
        {(hooks) => {
          const shown = hooks.filter(isThere);
          if (shown.length > 0) return <ul class="rows manage-rows">{shown.map((hook) => <Row key={hook.id} of={hook} base={base} />)}</ul>;
          return isOff ? <Empty title={t.off}>{t.offWhy}</Empty> : <Empty title={t.empty}>{t.emptyWhy}</Empty>;
        }}
      </Loading>
      {isMaking && <HookForm companyId={companyId} onMade={showSecret} onClose={() => setMaking(false)} />}
      {made && <Secret id={made.webhook.id} known={made.secret} onClose={() => setMade(null)} />}
    </>
  );
}

function Row({ of: hook, base }: { of: Schemas['WebhookView']; base: string }) {
  const t = text();
  return (
    <li class="row">
      <div class="row-main">
        <h2><a class="row-name" dir="ltr" translate={false} href={`${base}/${hook.id}`}>{hook.url}</a></h2>
        <p class="row-about">
          {!hook.enabled && <span class="tag" data-status="failed">{t.isOff}</span>}
          {hook.enabled && hook.failingSince && <span class="tag" data-status="failed">{t.isFailing(date(hook.failingSince))}</span>}
          <span>{t.events(hook.events.length)}</span>
          <span>{t.madeOn(date(hook.createdAt))}</span>
        </p>
      </div>
    </li>
  );
}
