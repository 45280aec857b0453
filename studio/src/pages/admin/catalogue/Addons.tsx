import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../../api/client.ts';
import { useResource } from '../../../state/resource.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { SelectField, TextField } from '../../../ui/Field.tsx';
import { Loading } from '../../../ui/States.tsx';
import { toast, undoable } from '../../../ui/toasts.tsx';
import { Check } from '../../../manage/Check.tsx';
import { FormDialog } from '../../../manage/FormDialog.tsx';
import { numeric } from '../../../manage/lists.tsx';
import { common } from '../messages.ts';
import { money } from '../../../manage/money.ts';
import { text } from './messages.ts';

type Addon = Schemas['AddonView'];
const BILLING = ['one_time', 'monthly', 'yearly', 'usage'] as const;

export function Addons() {
  const t = text();
  const addons = useResource(async () => (await data(api.GET('/api/addons'))).addons);
  const [edited, setEdited] = useState<Addon | 'new' | null>(null);
  const remove = (addon: Addon) => {
    addons.change((all) => all.filter(({ id }) => id !== addon.id));
    undoable(
      common().removed(addon.name),
      () => {
        api.DELETE('/api/addons/{addonId}', { params: { path: { addonId: addon.id } } }).catch(() => {
          toast(common().notRemoved);
          addons.reload();
        });
      },
      addons.reload,
    );
  };
  return (
    <section>
      <div class="manage-head">
        <h2>{t.addons}</h2>
        <Button icon="add" onClick={() => setEdited('new')}>{t.newAddon}</Button>
      </div>
      <Loading of={addons} lines={4}>
        {(all) =>
          all.length === 0 ? <p class="field-hint">{t.noAddons}</p> : (
            <ul class="rows manage-rows">
              {all.map((addon) => (
                <li key={addon.id} class="row">
                  <div>
                    <p class="row-name" dir="auto">{addon.name}</p>
                    <p class="row-about">
                      <span class="tag">{addon.available ? t.active : t.inactive}</span>
                      {addon.featured && <span class="tag">{t.featured}</span>}
                      <span dir="ltr">{money(addon.priceCents, addon.currency)}</span>
                      <span>{t[addon.billing]}</span>
                      {addon.kind === 'topup' ? <span>{t.gives(addon.tokens, addon.voiceMinutes)}</span> : <span>{t.feature}</span>}
                    </p>
                  </div>
                  <div>
                    <IconButton icon="edit" label={common().edit(addon.name)} onClick={() => setEdited(addon)} />
                    <IconButton icon="delete" label={common().remove(addon.name)} onClick={() => remove(addon)} />
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Loading>
      {edited && (
        <AddonForm
          addon={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
          onSaved={() => {
            setEdited(null);
            toast(common().saved);
            addons.reload();
          }}
        />
      )}
    </section>
  );
}

function AddonForm({ addon, onSaved, onClose }: { addon: Addon | null; onSaved: () => void; onClose: () => void }) {
  const t = text();
  const [form, setForm] = useState({
    name: addon?.name ?? '',
    description: addon?.description ?? '',
    kind: addon?.kind ?? ('topup' as Schemas['AddonKind']),
    billing: addon?.billing ?? ('one_time' as Schemas['AddonBilling']),
    priceCents: String(addon?.priceCents ?? ''),
    tokens: String(addon?.tokens ?? 0),
    voiceMinutes: String(addon?.voiceMinutes ?? 0),
    available: addon?.available ?? true,
    featured: addon?.featured ?? false,
  });
  const set = (change: Partial<typeof form>) => setForm({ ...form, ...change });
  const save = () => {
    const isTopup = form.kind === 'topup';
    const body = {
      ...form,
      priceCents: numeric(form.priceCents),
      tokens: isTopup ? numeric(form.tokens) : 0,
      voiceMinutes: isTopup ? numeric(form.voiceMinutes) : 0,
    };
    return addon ? data(api.PUT('/api/addons/{addonId}', { params: { path: { addonId: addon.id } }, body })) : data(api.POST('/api/addons', { body }));
  };
  return (
    <FormDialog title={addon ? t.editAddon : t.newAddon} save={save} onSaved={onSaved} onClose={onClose}>
      {(wrong) => (
        <>
          <TextField label={t.name} value={form.name} maxLength={100} dir="auto" onValue={(name) => set({ name })} error={wrong.name} />
          <div class="form-pair">
            <SelectField label={t.kind} value={form.kind} choices={[{ value: 'topup', label: t.topup }, { value: 'feature', label: t.feature }]} onValue={(value) => set({ kind: value === 'feature' ? 'feature' : 'topup' })} error={wrong.kind} />
            <SelectField label={t.period} value={form.billing} choices={BILLING.map((value) => ({ value, label: t[value] }))} onValue={(value) => set({ billing: BILLING.find((each) => each === value) ?? 'one_time' })} error={wrong.billing} />
          </div>
          <TextField label={t.priceCents} hint={t.centsHint} type="number" min={0} step={1} value={form.priceCents} onValue={(priceCents) => set({ priceCents })} error={wrong.priceCents} />
          {form.kind === 'topup' && (
            <div class="form-pair">
              <TextField label={t.tokens} type="number" min={0} step={1} value={form.tokens} onValue={(tokens) => set({ tokens })} error={wrong.tokens} />
              <TextField label={t.minutes} type="number" min={0} step={1} value={form.voiceMinutes} onValue={(voiceMinutes) => set({ voiceMinutes })} error={wrong.voiceMinutes} />
            </div>
          )}
          <TextField label={t.description} value={form.description} dir="auto" onValue={(description) => set({ description })} error={wrong.description} />
          <div>
            <Check label={t.offered} value={form.available} onValue={(available) => set({ available })} />
            <Check label={t.featured} value={form.featured} onValue={(featured) => set({ featured })} />
          </div>
        </>
      )}
    </FormDialog>
  );
}
