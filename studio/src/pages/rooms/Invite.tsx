import { useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';

const invite = async (roomId: string, kind: 'link' | 'code') =>
  await data(api.POST('/api/rooms/{roomId}/invitations', { params: { path: { roomId } }, body: { kind, role: 'member' } }));

/** Links and codes are told once, when they are made. */
export function Invite({ roomId, onClose }: { roomId: string; onClose: () => void }) {
  const t = text();
  const link = useResource(async () => new URL((await invite(roomId, 'link')).url, location.origin).href);
  const [code, setCode] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const makeCode = () => {
    setBusy(true);
    setError(null);
    invite(roomId, 'code').then((made) => setCode(made.code), setError).finally(() => setBusy(false));
  };
  return (
    <Dialog title={t.inviteTitle} onClose={onClose}>
      <p class="lead">{t.inviteLead}</p>
      <Loading of={link} lines={1}>{(url) => <Copied label={t.link} value={url} />}</Loading>
      {code ? <Copied label={t.code} value={code} hint={t.codeNote} /> : <div><Button isBusy={isBusy} onClick={makeCode}>{t.makeCode}</Button></div>}
      <Problem error={error} />
    </Dialog>
  );
}

function Copied({ label, value, hint }: { label: string; value: string; hint?: string }) {
  const t = text();
  const copy = () => void navigator.clipboard.writeText(value).then(() => toast(t.copied), () => {});
  return (
    <Field label={label} hint={hint}>
      {(tied) => (
        <div class="room-copy">
          <input {...tied} class="input" dir="ltr" readOnly value={value} onFocus={(event) => event.currentTarget.select()} />
          <Button icon="copy" onClick={copy}>{t.copy}</Button>
        </div>
      )}
    </Field>
  );
}
