import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { ApiError, fieldMessages } from '../../api/errors.ts';
import { asForm } from '../../api/form.ts';
import { Check } from '../../manage/Check.tsx';
import { go, type PageProps } from '../../router.ts';
import { refresh } from '../../session/session.ts';
import { draft, dropDraft } from '../../state/drafts.ts';
import { Button } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Choices, Field, SelectField, TextField } from '../../ui/Field.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { CompanyPage, type Company, type Standing } from './CompanyPage.tsx';
import { countries } from './countries.ts';
import { zones } from './days.ts';
import { Face } from './Face.tsx';
import { text } from './settings-messages.ts';
import { words } from './words.ts';
import './settings.css';

const MOST = 5 * 1024 * 1024;
const INDUSTRIES = ['telecom', 'it', 'finance', 'retail', 'healthcare', 'education', 'other'] as const;
type Put = (company: Company) => void;

export default function Settings({ params }: PageProps) {
  return (
    <CompanyPage id={params.id!} title={words().settings}>
      {(standing) => <All key={standing.company.id} {...standing} />}
    </CompanyPage>
  );
}

function All({ company, role, put }: Standing) {
  const changed: Put = (after) => {
    put(after);
    void refresh(); // names the company, too
  };
  return (
    <div class="settings">
      <Logo company={company} onChange={changed} />
      <About company={company} onChange={changed} />
      <Calls company={company} onChange={put} />
      <AfterCall company={company} onChange={put} />
      <Invitations company={company} onChange={put} />
      <End company={company} isOwner={role !== 'admin'} />
    </div>
  );
}

function Logo({ company, onChange }: { company: Company; onChange: Put }) {
  const t = text();
  const input = useRef<HTMLInputElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  const [error, setError] = useState<unknown>(null);
  const choose = (file: File | undefined) => {
    if (!file) return;
    const found = !file.type.startsWith('image/') ? t.notPicture : file.size > MOST ? t.tooLarge : '';
    setWrong(found);
    setError(null);
    if (found) return;
    setBusy(true);
    data(api.POST('/api/companies/{companyId}/logo', { params: { path: { companyId: company.id } }, body: { logo: file }, bodySerializer: asForm }))
      .then((answer) => onChange(answer.company), setError)
      .finally(() => setBusy(false));
  };
  return (
    <section>
      <h2>{t.logo}</h2>
      <Face {...company} large />
      <input ref={input} hidden type="file" accept="image/*" aria-label={t.logo} onChange={(event) => { choose(event.currentTarget.files?.[0]); event.currentTarget.value = ''; }} />
      <div><Button small icon="upload" isBusy={isBusy} onClick={() => input.current?.click()}>{t.changeLogo}</Button></div>
      <p class={wrong ? 'field-error' : 'field-hint'} role={wrong ? 'alert' : undefined}>{wrong || t.logoHint}</p>
      <Problem error={error} />
    </section>
  );
}

interface FormProps<T extends object> {
  /** Of the draft. */
  name: string;
  title: string;
  /** As it is stored. */
  stored: T;
  save: (values: T, changed: Partial<T>) => Promise<{ company: Company }>;
  onChange: Put;
  children: (values: T, change: (changed: Partial<T>) => void, wrong: Record<string, string>) => ComponentChildren;
}

/** What was typed is kept until it is saved or given up. */
function Form<T extends object>({ name, title, stored, save, onChange, children }: FormProps<T>) {
  const t = text();
  const written = draft<Partial<T>>(name, {});
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const values = { ...stored, ...written.value };
  const changed = Object.fromEntries(Object.entries(values).filter(([field, value]) => value !== stored[field as keyof T])) as Partial<T>;
  const isChanged = Object.keys(changed).length > 0;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(null);
    const sent = written.value;
    try {
      const { company } = await save(values, changed);
      if (written.value === sent) dropDraft(name);
      written.value = {};
      onChange(company);
      toast(words().saved);
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  };
  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      <h2>{title}</h2>
      {children(values, (more) => { written.value = { ...written.value, ...more }; }, fieldMessages(error))}
      <Problem error={error} />
      <div class="buttons">
        <Button type="submit" disabled={!isChanged} isBusy={isBusy}>{t.save}</Button>
        {isChanged && <Button look="quiet" onClick={() => { written.value = {}; setError(null); }}>{t.undo}</Button>}
      </div>
    </form>
  );
}

const setSettings = (companyId: string, settings: Schemas['SettingsBody']) => data(api.PUT('/api/companies/{companyId}/settings', { params: { path: { companyId } }, body: { settings } }));

function About({ company, onChange }: { company: Company; onChange: Put }) {
  const t = text();
  const { name, slug, orgNumber, country, industry, email, phone, website } = company;
  const stored = { name, slug, orgNumber, country, industry: industry as string, email, phone, website };
  const save = (values: typeof stored, changed: Partial<typeof stored>) => {
    const body: Record<string, string | null> = Object.fromEntries(Object.entries(changed).map(([field, value]) => [field, value.trim()]));
    // A number is one of a country.
    if (body.orgNumber) body.country = values.country || null;
    if (body.industry === '') body.industry = null;
    return data(api.PUT('/api/companies/{companyId}', { params: { path: { companyId: company.id } }, body: body as Schemas['UpdateCompany'] }));
  };
  return (
    <Form name={`about.${company.id}`} title={t.about} stored={stored} save={save} onChange={onChange}>
      {(values, change, wrong) => (
        <>
          <TextField label={t.name} name="name" dir="auto" autocomplete="organization" maxLength={200} value={values.name} error={wrong.name} onValue={(value) => change({ name: value })} />
          <TextField label={t.slug} name="slug" dir="ltr" maxLength={40} hint={t.slugHint} value={values.slug} error={wrong.slug} onValue={(value) => change({ slug: value })} />
          <div class="form-pair">
            <TextField label={t.orgNumber} name="orgNumber" dir="ltr" maxLength={20} value={values.orgNumber} error={wrong.orgNumber} onValue={(value) => change({ orgNumber: value })} />
            <SelectField label={t.country} hint={t.countryHint} value={values.country} error={wrong.country} choices={[...(country ? [] : [{ value: '', label: t.notSaid }]), ...countries(country)]} onValue={(value) => change({ country: value })} />
          </div>
          <SelectField label={t.industry} value={values.industry} error={wrong.industry} choices={[...(industry ? [] : [{ value: '', label: t.notSaid }]), ...INDUSTRIES.map((value) => ({ value: value as string, label: t[value] }))]} onValue={(value) => change({ industry: value })} />
          <div class="form-pair">
            <TextField label={t.email} name="email" type="email" dir="ltr" maxLength={254} value={values.email} error={wrong.email} onValue={(value) => change({ email: value })} />
            <TextField label={t.phone} name="phone" type="tel" dir="ltr" hint={t.phoneHint} value={values.phone} error={wrong.phone} onValue={(value) => change({ phone: value })} />
          </div>
          <TextField label={t.website} name="website" type="url" dir="ltr" maxLength={300} value={values.website} error={wrong.website} onValue={(value) => change({ website: value })} />
        </>
      )}
    </Form>
  );
}

/** Fields for whole numbers. */
const typedOf = (value: number | null): string => (value === null ? '' : String(value));

/** Reads them; refuses what is no whole number, and nothing unless that means "no limit". */
function numbers(values: Record<string, string>, mayBeEmpty: boolean): Record<string, number | null> {
  const message = text().wrongNumber;
  const wrong = Object.entries(values).filter(([, value]) => !/^\d{1,9}$/.test(value.trim()) && !(mayBeEmpty && !value.trim()));
  if (wrong.length) throw new ApiError('validation_error', message, { details: { fields: wrong.map(([field]) => ({ field, message })) } });
  return Object.fromEntries(Object.entries(values).map(([field, value]) => [field, value.trim() ? Number(value) : null]));
}

function Calls({ company, onChange }: { company: Company; onChange: Put }) {
  const t = text();
  const { settings } = company;
  const stored = {
    recordingPolicy: settings.recordingPolicy,
    guestsAllowed: settings.guestsAllowed,
    lobby: settings.lobby,
    retentionDays: typedOf(settings.retentionDays),
    perDay: typedOf(settings.callLimits.perDay),
    perMonth: typedOf(settings.callLimits.perMonth),
    timezone: settings.timezone,
    costPerSolvedCall: typedOf(settings.costPerSolvedCall),
    currency: settings.currency,
  };
  const save = async ({ perDay, perMonth, retentionDays, costPerSolvedCall, ...values }: typeof stored) => {
    const counts = numbers({ retentionDays, costPerSolvedCall }, false);
    const callLimits = numbers({ perDay, perMonth }, true);
    return setSettings(company.id, { ...values, currency: values.currency.trim(), timezone: values.timezone || null, ...counts, callLimits });
  };
  return (
    <Form name={`calls.${company.id}`} title={t.calls} stored={stored} save={save} onChange={onChange}>
      {(values, change, wrong) => (
        <>
          <Choices label={t.recording} value={values.recordingPolicy} choices={(['off', 'ask', 'always'] as const).map((value) => ({ value, label: t[value] }))} onValue={(value) => change({ recordingPolicy: value as 'off' })} />
          <TextField label={t.retention} inputMode="numeric" dir="ltr" value={values.retentionDays} error={wrong.retentionDays ?? wrong['settings.retentionDays']} onValue={(value) => change({ retentionDays: value })} />
          <div>
            <Check label={t.guests} value={values.guestsAllowed} onValue={(value) => change({ guestsAllowed: value })} />
            <Check label={t.lobby} value={values.lobby} onValue={(value) => change({ lobby: value })} />
          </div>
          <div class="form-pair">
            <TextField label={t.perDay} inputMode="numeric" dir="ltr" hint={t.noLimit} value={values.perDay} error={wrong.perDay ?? wrong['settings.callLimits.perDay']} onValue={(value) => change({ perDay: value })} />
            <TextField label={t.perMonth} inputMode="numeric" dir="ltr" hint={t.noLimit} value={values.perMonth} error={wrong.perMonth ?? wrong['settings.callLimits.perMonth']} onValue={(value) => change({ perMonth: value })} />
          </div>
          <SelectField label={t.zone} hint={t.zoneHint} value={values.timezone} error={wrong['settings.timezone']} choices={[{ value: '', label: t.notSaid }, ...zones().map((value) => ({ value, label: value.replaceAll('_', ' ') }))]} onValue={(value) => change({ timezone: value })} />
          <div class="form-pair">
            <TextField label={t.value} name="saves" inputMode="numeric" dir="ltr" hint={t.valueHint} value={values.costPerSolvedCall} error={wrong.costPerSolvedCall ?? wrong['settings.costPerSolvedCall']} onValue={(value) => change({ costPerSolvedCall: value })} />
            <TextField label={t.currency} dir="ltr" maxLength={3} value={values.currency} error={wrong['settings.currency']} onValue={(value) => change({ currency: value })} />
          </div>
        </>
      )}
    </Form>
  );
}

function AfterCall({ company, onChange }: { company: Company; onChange: Put }) {
  const t = text();
  const { enabled, channel, text: said } = company.settings.afterCall;
  const stored = { enabled, channel, text: said };
  const save = (values: typeof stored) => setSettings(company.id, { afterCall: { ...values, text: values.text.trim() } });
  return (
    <Form name={`after.${company.id}`} title={t.afterCall} stored={stored} save={save} onChange={onChange}>
      {(values, change, wrong) => (
        <>
          <p class="field-hint">{t.afterCallWhy} {!company.features.includes('after_call_message') && t.needsFeature}</p>
          <Check label={t.askReview} value={values.enabled} onValue={(value) => change({ enabled: value })} />
          {values.enabled && (
            <>
              <Choices label={t.channel} value={values.channel} choices={[{ value: 'email', label: t.mail }, { value: 'sms', label: t.sms }]} onValue={(value) => change({ channel: value as 'email' })} />
              <Field label={t.said} hint={t.saidHint} error={wrong['settings.afterCall.text'] ?? wrong.text}>
                {(tied) => <textarea {...tied} class="input" dir="auto" maxLength={300} value={values.text} onInput={(event) => change({ text: event.currentTarget.value })} />}
              </Field>
            </>
          )}
        </>
      )}
    </Form>
  );
}

function Invitations({ company, onChange }: { company: Company; onChange: Put }) {
  const t = text();
  const { invitationDays, domains, defaultLicenseType } = company.settings;
  const stored = { invitationDays: typedOf(invitationDays), domains: domains.join('\n'), defaultLicenseType };
  const save = async (values: typeof stored) =>
    setSettings(company.id, {
      ...numbers({ invitationDays: values.invitationDays }, false),
      domains: values.domains.split(/[\s,]+/).filter(Boolean),
      defaultLicenseType: values.defaultLicenseType,
    });
  return (
    <Form name={`invitations.${company.id}`} title={t.invitations} stored={stored} save={save} onChange={onChange}>
      {(values, change, wrong) => (
        <>
          <TextField label={t.days} inputMode="numeric" dir="ltr" hint={t.daysHint} value={values.invitationDays} error={wrong.invitationDays ?? wrong['settings.invitationDays']} onValue={(value) => change({ invitationDays: value })} />
          <Field label={t.domains} hint={t.domainsHint} error={Object.entries(wrong).find(([field]) => field.startsWith('settings.domains'))?.[1]}>
            {(tied) => <textarea {...tied} class="input" dir="ltr" value={values.domains} onInput={(event) => change({ domains: event.currentTarget.value })} />}
          </Field>
          <SelectField label={t.license} value={values.defaultLicenseType} choices={(['standard', 'premium', 'enterprise'] as const).map((value) => ({ value: value as string, label: words()[value] }))} onValue={(value) => change({ defaultLicenseType: value as 'standard' })} />
        </>
      )}
    </Form>
  );
}

function End({ company, isOwner }: { company: Company; isOwner: boolean }) {
  const t = text();
  const [isAsking, ask] = useState(false);
  const [typed, type] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [isWrong, setWrong] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const end = async () => {
    const isOther = typed.trim() !== company.name.trim();
    setWrong(isOther);
    if (isOther) return;
    setBusy(true);
    setError(null);
    try {
      await api.DELETE('/api/companies/{companyId}', { params: { path: { companyId: company.id } }, body: { confirm: company.name } });
      go('/companies', { replace: true });
      toast(t.ended(company.name));
      await refresh();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <section>
      <h2>{t.end}</h2>
      {isOwner ? (
        <>
          <p class="field-hint">{t.endWhy}</p>
          <div><Button look="danger" onClick={() => ask(true)}>{t.end}</Button></div>
        </>
      ) : (
        <p class="field-hint">{t.onlyOwner}</p>
      )}
      {isAsking && (
        <Confirm title={t.endTitle(company.name)} action={t.end} isBusy={isBusy} onConfirm={() => void end()} onClose={() => ask(false)}>
          <p>{t.endWhy}</p>
          <TextField label={t.endType(company.name)} name="confirm" dir="auto" value={typed} error={isWrong ? t.endWrong : undefined} onValue={type} />
          <Problem error={error} />
        </Confirm>
      )}
    </section>
  );
}
