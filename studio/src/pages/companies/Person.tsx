// What those who manage a company can change of a member.
import { useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import { ApiError } from '../../api/errors.ts';
import { FormDialog } from '../../manage/FormDialog.tsx';
import { me, refresh } from '../../session/session.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import type { Standing } from './CompanyPage.tsx';
import { freeLicenses, type LicenseType } from './free.ts';
import type { Member } from './People.tsx';
import { text } from './people-messages.ts';
import { words } from './words.ts';

interface Props extends Standing {
  member: Member;
  onClose: () => void;
  onChange: () => void;
}

const TYPES: LicenseType[] = ['standard', 'premium', 'enterprise'];
const typedOf = (value: number | null | undefined, unit = 1): string => (value === null || value === undefined ? '' : String(Math.floor(value / unit)));

export function Person({ company, role, member, onClose, onChange }: Props) {
  const t = text();
  const name = member.name || member.email;
  const before = {
    role: member.role,
    status: member.status,
    license: member.licenseId ?? '',
    tokens: typedOf(member.cap?.tokens),
    minutes: typedOf(member.cap?.voiceSeconds, 60),
  };
  const [form, setForm] = useState(before);
  const [asking, ask] = useState<'remove' | 'transfer' | null>(null);
  const free = useResource(() => freeLicenses(company.id), [company.id]);
  const known = free.loaded.value.state === 'ready' ? free.loaded.value.value : [];
  const change = (changed: Partial<typeof before>) => setForm({ ...form, ...changed });
  const isOwner = member.role === 'owner';
  const isSelf = member.userId === me.value?.id;
  const path = { companyId: company.id, userId: member.userId };

  const save = async () => {
    const cap = { tokens: whole(form.tokens), voiceSeconds: whole(form.minutes, 60) };
    const wrong = Object.entries(cap).filter(([, value]) => Number.isNaN(value)).map(([field]) => ({ field, message: t.wrongNumber }));
    if (wrong.length) throw new ApiError('validation_error', t.wrongNumber, { details: { fields: wrong } });
    const license = known.find((each) => each.type === form.license)?.id ?? form.license;
    const body = {
      ...(form.role !== before.role && { role: form.role as 'admin' | 'member' }),
      ...(form.status !== before.status && { status: form.status }),
      ...(license !== before.license && { licenseId: license }),
    };
    if (Object.keys(body).length) await api.PUT('/api/users/{userId}', { params: { path: { userId: member.userId }, query: { companyId: company.id } }, body });
    if (form.tokens !== before.tokens || form.minutes !== before.minutes) await api.PUT('/api/companies/{companyId}/members/{userId}', { params: { path }, body: { cap } });
    if (isSelf) void refresh();
  };
  const saved = () => {
    toast(words().saved);
    onChange();
  };
  if (asking) {
    const does = {
      remove: () => api.DELETE('/api/companies/{companyId}/members/{userId}', { params: { path } }),
      transfer: () => api.POST('/api/companies/{companyId}/transfer', { params: { path: { companyId: company.id } }, body: { userId: member.userId } }),
    }[asking];
    const done = async () => {
      await does();
      toast(asking === 'remove' ? t.removed(name) : t.transferred(name));
      if (asking === 'transfer') await refresh();
      onChange();
    };
    const said = asking === 'remove' ? { title: t.removeTitle(name), action: t.remove, why: t.removeWhy } : { title: t.transferTitle(name), action: t.transfer, why: t.transferWhy };
    return <Asked {...said} does={done} onClose={() => ask(null)} />;
  }
  const licenses = [
    { value: '', label: words().noLicense },
    ...(member.licenseId ? [{ value: member.licenseId, label: t.keepLicense(member.licenseType ? words()[member.licenseType] : t.license) }] : []),
    ...TYPES.map((type) => ({ type, count: known.filter((each) => each.type === type).length }))
      .filter(({ count }) => count > 0)
      .map(({ type, count }) => ({ value: type as string, label: t.anyOf(words()[type], count) })),
  ];
  return (
    <FormDialog title={name} save={save} onSaved={saved} onClose={onClose}>
      {(wrong) => (
        <>
          {!isOwner && role !== 'admin' && (
            <SelectField label={t.role} value={form.role} error={wrong.role} choices={(['member', 'admin'] as const).map((value) => ({ value: value as string, label: words()[value] }))} onValue={(value) => change({ role: value as Member['role'] })} />
          )}
          {!isOwner && !isSelf && (
            <SelectField label={t.status} value={form.status} error={wrong.status} choices={[{ value: 'active', label: t.isActive }, { value: 'suspended', label: t.isSuspended }]} onValue={(value) => change({ status: value as Member['status'] })} />
          )}
          <SelectField label={t.license} value={form.license} error={wrong.licenseId} choices={licenses} onValue={(license) => change({ license })} />
          <div class="form-pair">
            <TextField label={t.capTokens} inputMode="numeric" dir="ltr" hint={t.capHint} value={form.tokens} error={wrong.tokens ?? wrong['cap.tokens']} onValue={(tokens) => change({ tokens })} />
            <TextField label={t.capMinutes} inputMode="numeric" dir="ltr" hint={t.capHint} value={form.minutes} error={wrong.voiceSeconds ?? wrong['cap.voiceSeconds']} onValue={(minutes) => change({ minutes })} />
          </div>
          {!isOwner && !isSelf && (
            <div class="buttons">
              <Button small look="danger" onClick={() => ask('remove')}>{t.remove}</Button>
              {role === 'owner' && member.status === 'active' && <Button small onClick={() => ask('transfer')}>{t.transfer}</Button>}
            </div>
          )}
        </>
      )}
    </FormDialog>
  );
}

/** Null for nothing, NaN for what is no whole number. */
function whole(typed: string, unit = 1): number | null {
  const text = typed.trim();
  if (!text) return null;
  return /^\d{1,9}$/.test(text) ? Number(text) * unit : NaN;
}

function Asked({ title, why, action, does, onClose }: { title: string; why: string; action: string; does: () => Promise<void>; onClose: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const confirm = () => {
    setBusy(true);
    setError(null);
    does().catch((caught: unknown) => {
      setError(caught);
      setBusy(false);
    });
  };
  return (
    <Confirm title={title} action={action} isBusy={isBusy} onConfirm={confirm} onClose={onClose}>
      <p>{why}</p>
      <Problem error={error} />
    </Confirm>
  );
}
