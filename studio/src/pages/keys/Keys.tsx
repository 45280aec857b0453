// The API keys of a person or a company: made, changed, given a new secret, revoked.
import { signal, type Signal } from '@preact/signals';
import { useMemo, useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { ago, date } from '../../i18n/index.ts';
import { useConfig } from '../../state/config.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Empty, Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { KeyForm } from './KeyForm.tsx';
import { text } from './messages.ts';
import { Rotate } from './Rotate.tsx';
import { scopeName } from './scopes.ts';
import { Secret } from './Secret.tsx';
import './keys.css';

export type Key = Schemas['KeyView'];
type Doing = { what: 'change' | 'rotate' | 'revoke'; key: Key };

/** Whether the dialog for a new key is open: its button is in the head of the page. */
export const useMaking = (): Signal<boolean> => useMemo(() => signal(false), []);

/** Not there while the server has no keys. */
export function MakeButton({ making }: { making: Signal<boolean> }) {
  if (useConfig()?.features.apiKeys === false) return null;
  return <Button look="primary" icon="add" onClick={() => { making.value = true; }}>{text().make}</Button>;
}

interface Props {
  companyId?: string;
  making: Signal<boolean>;
  /** Who made a key, where that may be somebody else. */
  nameOf?: (uid: string) => string;
}

export function Keys({ companyId, making, nameOf }: Props) {
  const t = text();
  const config = useConfig();
  const list = useResource(async () => (await data(api.GET('/api/keys', { params: { query: companyId ? { companyId } : {} } }))).keys, [companyId]);
  const [doing, setDoing] = useState<Doing | null>(null);
  const [made, setMade] = useState<Schemas['KeySecret'] | null>(null);
  const put = (key: Key) => list.change((keys) => (keys.some(({ id }) => id === key.id) ? keys.map((each) => (each.id === key.id ? key : each)) : [key, ...keys]));
  const close = () => {
    making.value = false;
    setDoing(null);
  };
  const showSecret = (answer: Schemas['KeySecret']) => {
    put(answer.key);
    close();
    setMade(answer);
  };
  const isOff = config?.features.apiKeys === false;
  return (
    <>
      <Loading of={list} lines={4}>
        {(keys) =>
          keys.length > 0 ? (
            <ul class="rows manage-rows">{keys.map((key) => <Row key={key.id} of={key} isOff={isOff} by={nameOf?.(key.createdBy)} onDo={(what) => setDoing({ what, key })} />)}</ul>
          ) : isOff ? (
            <Empty title={t.off}>{t.offWhy}</Empty>
          ) : (
            <Empty title={t.empty}>{t.emptyWhy}</Empty>
          )
        }
      </Loading>
      {making.value && <KeyForm companyId={companyId} onMade={showSecret} onClose={close} />}
      {doing?.what === 'change' && <KeyForm of={doing.key} onChanged={(key) => { put(key); close(); toast(t.changed); }} onClose={close} />}
      {doing?.what === 'rotate' && <Rotate of={doing.key} onMade={showSecret} onClose={close} />}
      {doing?.what === 'revoke' && (
        <Revoke
          of={doing.key}
          onClose={close}
          onRevoked={() => {
            list.change((keys) => keys.filter(({ id }) => id !== doing.key.id));
            toast(t.revoked(doing.key.name));
            close();
          }}
        />
      )}
      {made && <Secret made={made} onClose={() => setMade(null)} />}
    </>
  );
}

function Row({ of: key, isOff, by, onDo }: { of: Key; isOff: boolean; by: string | undefined; onDo: (what: Doing['what']) => void }) {
  const t = text();
  const { cap, usedThisMonth: used } = key;
  const minutes = Math.ceil(used.voiceSeconds / 60);
  const isExpired = key.expiresAt !== null && new Date(key.expiresAt) <= new Date();
  return (
    <li class="row">
      <div class="row-main key">
        <h2 class="row-name" dir="auto">{key.name}</h2>
        <p class="row-about"><code dir="ltr" translate={false}>{key.prefix}_…{key.last4}</code></p>
        <p class="row-about">{key.scopes.map((scope) => <span key={scope} class="tag">{scopeName(scope)}</span>)}</p>
        <p class="row-about">
          {isExpired && <span class="tag" data-status="failed">{t.expired}</span>}
          <span>{key.lastUsedAt ? t.lastUsed(ago(key.lastUsedAt)) : t.unused}</span>
          {key.expiresAt && !isExpired && <span>{t.expires(date(key.expiresAt, 'long'))}</span>}
          {(used.tokens > 0 || cap.tokens !== null) && <span>{cap.tokens === null ? t.tokens(used.tokens) : t.tokensOf(used.tokens, cap.tokens)}</span>}
          {(minutes > 0 || cap.voiceSeconds !== null) && <span>{cap.voiceSeconds === null ? t.minutes(minutes) : t.minutesOf(minutes, Math.floor(cap.voiceSeconds / 60))}</span>}
          {key.rate !== null && <span>{t.perMinute(key.rate)}</span>}
          {key.ipAllow.length > 0 && <span>{t.networks(key.ipAllow.length)}</span>}
          {key.previousValidUntil && <span>{t.overlap(date(key.previousValidUntil, 'long'))}</span>}
          {by && <span>{t.madeBy(by)}</span>}
        </p>
      </div>
      <div class="row-buttons">
        <Button small label={t.changeOf(key.name)} onClick={() => onDo('change')}>{t.change}</Button>
        {!isOff && <Button small label={t.rotateOf(key.name)} onClick={() => onDo('rotate')}>{t.rotate}</Button>}
        <Button small look="danger" label={t.revokeOf(key.name)} onClick={() => onDo('revoke')}>{t.revoke}</Button>
      </div>
    </li>
  );
}

function Revoke({ of: key, onRevoked, onClose }: { of: Key; onRevoked: () => void; onClose: () => void }) {
  const t = text();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const revoke = async () => {
    setBusy(true);
    setError(null);
    try {
      await api.DELETE('/api/keys/{keyId}', { params: { path: { keyId: key.id } } });
      onRevoked();
    } catch (caught) {
      if (caught instanceof ApiError && caught.status === 404) return onRevoked();
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <Confirm title={t.revokeTitle(key.name)} action={t.revoke} isBusy={isBusy} onConfirm={() => void revoke()} onClose={onClose}>
      <p>{t.revokeWhy}</p>
      <Problem error={error} />
    </Confirm>
  );
}
