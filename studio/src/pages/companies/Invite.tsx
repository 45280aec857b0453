// Invites an address. The API mails nothing: whoever invites passes the link on.
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { Check } from '../../manage/Check.tsx';
import { FormDialog } from '../../manage/FormDialog.tsx';
import { draft, dropDraft } from '../../state/drafts.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { toast } from '../../ui/toasts.tsx';
import type { Standing } from './CompanyPage.tsx';
import { text } from './people-messages.ts';
import { words } from './words.ts';

interface Props extends Standing {
  /** Who gets a new link. */
  again: Schemas['InvitationView'] | null;
  onInvited: () => void;
  onClose: () => void;
}

export function Invite({ company, role, again, onInvited, onClose }: Props) {
  const t = text();
  const name = again ? `invite.${again.id}` : 'invite';
  const form = draft(name, { email: again?.email ?? '', role: again?.role ?? ('member' as 'member' | 'admin'), withSeat: Boolean(again?.licenseId) });
  const [made, setMade] = useState<Schemas['InvitedData'] | null>(null);
  const { seats } = company;
  // A new link keeps the license that the old one holds.
  const hasSeat = seats.free > 0 || Boolean(again?.licenseId);
  const given = form.value;
  const change = (changed: Partial<typeof given>) => {
    form.value = { ...form.value, ...changed };
  };
  if (made) return <Link company={company.name} made={made} onClose={onClose} />;
  const save = () =>
    data(
      api.POST('/api/companies/{companyId}/invitations', {
        params: { path: { companyId: company.id } },
        body: { email: given.email.trim(), role: given.role, withSeat: given.withSeat && hasSeat },
      }),
    );
  const saved = (answer: Schemas['InvitedData']) => {
    dropDraft(name);
    setMade(answer);
    onInvited();
  };
  return (
    <FormDialog title={t.invite} action={t.send} save={save} onSaved={saved} onClose={onClose}>
      {(wrong) => (
        <>
          <TextField label={t.email} name="email" type="email" inputMode="email" autocomplete="off" dir="ltr" maxLength={254} disabled={again !== null} value={given.email} error={wrong.email} onValue={(email) => change({ email })} />
          <SelectField
            label={t.asRole}
            value={given.role}
            disabled={role === 'admin'}
            hint={role === 'admin' ? t.ownerOnly : undefined}
            choices={(['member', 'admin'] as const).map((value) => ({ value: value as string, label: words()[value] }))}
            onValue={(value) => change({ role: value as 'member' })}
          />
          {hasSeat ? <Check label={t.seat} value={given.withSeat} onValue={(withSeat) => change({ withSeat })} /> : <p class="field-hint">{t.noSeat}</p>}
        </>
      )}
    </FormDialog>
  );
}

function Link({ company, made, onClose }: { company: string; made: Schemas['InvitedData']; onClose: () => void }) {
  const t = text();
  const { email } = made.invitation;
  const link = new URL(made.link, location.origin).href;
  const mail = `mailto:${encodeURIComponent(email)}?subject=${encodeURIComponent(t.subject(company))}&body=${encodeURIComponent(t.body(company, link))}`;
  const copy = () => void navigator.clipboard.writeText(link).then(() => toast(t.copied), () => {});
  return (
    <Dialog title={t.linkTitle} onClose={onClose}>
      <div class="form">
        <p class="wraps">{t.linkWhy(email)}</p>
        <TextField label={t.link} dir="ltr" value={link} onValue={() => {}} />
      </div>
      <div class="dialog-actions">
        <Button onClick={onClose}>{t.done}</Button>
        <LinkButton href={mail}>{t.write}</LinkButton>
        <Button look="primary" icon="copy" onClick={copy}>{t.copy}</Button>
      </div>
    </Dialog>
  );
}
