import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../../api/client.ts';
import { draft } from '../../../state/drafts.ts';
import { useResource } from '../../../state/resource.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { Confirm } from '../../../ui/Dialog.tsx';
import { Field, SelectField, TextField } from '../../../ui/Field.tsx';
import { Empty, Loading, Problem } from '../../../ui/States.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { Check } from '../../../manage/Check.tsx';
import { FormDialog } from '../../../manage/FormDialog.tsx';
import { numeric } from '../../../manage/lists.tsx';
import { common } from '../messages.ts';
import { money } from '../../../manage/money.ts';
import { Addons } from './Addons.tsx';
import { text } from './messages.ts';

type Plan = Schemas['PlanView'];

export default function Plans() {
  const t = text();
  const plans = useResource(async () => {
    const [{ plans: all }, { currency }] = await Promise.all([data(api.GET('/api/admin/plans')), data(api.GET('/api/payments/config'))]);
    return { all, currency };
  });
  const [edited, setEdited] = useState<Plan | 'new' | null>(null);
  const [removed, setRemoved] = useState<Plan | null>(null);
  return (
    <AdminPage title={t.title} actions={<Button look="primary" icon="add" onClick={() => setEdited('new')}>{t.newPlan}</Button>}>
      <div class="manage-parts">
        <Loading of={plans} lines={6}>
          {({ all, currency }) =>
            all.length === 0 ? <Empty title={t.noPlans}>{t.noPlansWhy}</Empty> : (
              <ul class="cards">
                {all.map((plan) => <Card key={plan.id} plan={plan} currency={currency} onEdit={() => setEdited(plan)} onRemove={() => setRemoved(plan)} />)}
              </ul>
            )
          }
        </Loading>
        <Addons />
      </div>
      {edited && (
        <PlanForm
          plan={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
          onSaved={() => {
            setEdited(null);
            toast(common().saved);
            plans.reload();
          }}
        />
      )}
      {removed && (
        <Remove
          plan={removed}
          onClose={() => setRemoved(null)}
          onRemoved={() => {
            setRemoved(null);
            toast(common().removed(removed.name));
            plans.reload();
          }}
        />
      )}
    </AdminPage>
  );
}

function Card({ plan, currency, onEdit, onRemove }: { plan: Plan; currency: string; onEdit: () => void; onRemove: () => void }) {
  const t = text();
  return (
    <li class="card">
      <div class="form">
        <div class="card-head">
          <h2 class="row-name" dir="auto">{plan.name}</h2>
          <span class="tag" data-status={plan.status}>{plan.status === 'Active' ? t.active : t.inactive}</span>
        </div>
        <p class="card-price">
          <span dir="ltr">{money(Math.round(plan.price * 100), currency)}</span>{' '}
          <small>{plan.billingPeriod === 'monthly' ? t.perMonth : t.perYear}{plan.perSeat && ` ${t.perSeatNote}`}</small>
        </p>
        <p>{t.gives(plan.tokens, plan.voiceMinutes)}</p>
        {plan.trialDays > 0 && <p>{t.trial(plan.trialDays)}</p>}
        {plan.description && <p dir="auto">{plan.description}</p>}
      </div>
      <div class="card-head">
        {plan.isPopular ? <span class="tag">{t.popular}</span> : <span />}
        <div>
          <IconButton icon="edit" label={common().edit(plan.name)} onClick={onEdit} />
          <IconButton icon="delete" label={common().remove(plan.name)} onClick={onRemove} />
        </div>
      </div>
    </li>
  );
}

function PlanForm({ plan, onSaved, onClose }: { plan: Plan | null; onSaved: () => void; onClose: () => void }) {
  const t = text();
  const initial = {
    name: plan?.name ?? '',
    description: plan?.description ?? '',
    features: plan?.features.join('\n') ?? '',
    price: String(plan?.price ?? ''),
    billingPeriod: plan?.billingPeriod ?? ('monthly' as Schemas['BillingPeriod']),
    tokens: String(plan?.tokens ?? 0),
    voiceMinutes: String(plan?.voiceMinutes ?? 0),
    trialDays: String(plan?.trialDays ?? 0),
    isOffered: plan ? plan.status === 'Active' : true,
    isPopular: plan?.isPopular ?? false,
    perSeat: plan?.perSeat ?? false,
  };
  const typed = draft<Partial<typeof initial>>(`admin-plan-${plan?.id ?? 'new'}`, {});
  const set = (change: Partial<typeof initial>) => (typed.value = { ...typed.value, ...change });
  const form = { ...initial, ...typed.value };
  const save = () => {
    const body = {
      name: form.name,
      description: form.description,
      features: form.features.split('\n').map((line) => line.trim()).filter(Boolean),
      price: numeric(form.price),
      billingPeriod: form.billingPeriod,
      tokens: numeric(form.tokens),
      voiceMinutes: numeric(form.voiceMinutes),
      trialDays: numeric(form.trialDays),
      status: form.isOffered ? ('Active' as const) : ('Inactive' as const),
      isPopular: form.isPopular,
      perSeat: form.perSeat,
    };
    return plan ? data(api.PUT('/api/admin/plans/{planId}', { params: { path: { planId: plan.id } }, body })) : data(api.POST('/api/admin/plans', { body }));
  };
  const cancel = () => {
    typed.value = {};
    onClose();
  };
  return (
    <FormDialog title={plan ? t.editPlan : t.newPlan} save={save} onClose={onClose} onCancel={cancel} onSaved={() => { typed.value = {}; onSaved(); }}>
      {(wrong) => (
        <>
          <TextField label={t.name} value={form.name} maxLength={100} dir="auto" onValue={(name) => set({ name })} error={wrong.name} />
          <div class="form-pair">
            <TextField label={t.price} type="number" min={0} step={0.01} value={form.price} onValue={(price) => set({ price })} error={wrong.price} />
            <SelectField label={t.period} value={form.billingPeriod} choices={[{ value: 'monthly', label: t.monthly }, { value: 'yearly', label: t.yearly }]} onValue={(value) => set({ billingPeriod: value === 'yearly' ? 'yearly' : 'monthly' })} />
          </div>
          <div class="form-pair">
            <TextField label={t.tokens} type="number" min={0} step={1} value={form.tokens} onValue={(tokens) => set({ tokens })} error={wrong.tokens} />
            <TextField label={t.minutes} type="number" min={0} step={1} value={form.voiceMinutes} onValue={(voiceMinutes) => set({ voiceMinutes })} error={wrong.voiceMinutes} />
          </div>
          <TextField label={t.trialDays} type="number" min={0} max={365} step={1} value={form.trialDays} onValue={(trialDays) => set({ trialDays })} error={wrong.trialDays} />
          <TextField label={t.description} value={form.description} dir="auto" onValue={(description) => set({ description })} error={wrong.description} />
          <Field label={t.features} error={wrong.features}>
            {(tied) => <textarea {...tied} class="input" dir="auto" value={form.features} onInput={(event) => set({ features: event.currentTarget.value })} />}
          </Field>
          <div>
            <Check label={t.offered} value={form.isOffered} onValue={(isOffered) => set({ isOffered })} />
            <Check label={t.popular} value={form.isPopular} onValue={(isPopular) => set({ isPopular })} />
            <Check label={t.perSeat} value={form.perSeat} onValue={(perSeat) => set({ perSeat })} />
          </div>
        </>
      )}
    </FormDialog>
  );
}

function Remove({ plan, onRemoved, onClose }: { plan: Plan; onRemoved: () => void; onClose: () => void }) {
  const t = text();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const remove = () => {
    setBusy(true);
    setError(null);
    data(api.DELETE('/api/admin/plans/{planId}', { params: { path: { planId: plan.id } } })).then(onRemoved, setError).finally(() => setBusy(false));
  };
  return (
    <Confirm title={t.removePlan(plan.name)} action={t.delete} isBusy={isBusy} onConfirm={remove} onClose={onClose}>
      <p>{t.removePlanWhy}</p>
      <Problem error={error} />
    </Confirm>
  );
}
