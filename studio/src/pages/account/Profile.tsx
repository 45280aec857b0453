import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { me, type Me } from '../../session/session.ts';
import { draft, dropDraft } from '../../state/drafts.ts';
import { Button } from '../../ui/Button.tsx';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { Avatar } from './Avatar.tsx';
import { text } from './messages.ts';
import { sorted } from './told.ts';

const NAMES = ['name', 'username', 'phone', 'timezone'] as const;
type Changes = Partial<Record<(typeof NAMES)[number], string>>;
const DRAFT = 'profile';

export function Profile({ user }: { user: Me }) {
  const t = text();
  const written = draft<Changes>(DRAFT, {});
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { fields, rest } = sorted(error);
  const values = { name: user.name, username: user.username, phone: user.phone, timezone: user.timezone, ...written.value };
  const changed = NAMES.filter((each) => values[each] !== user[each]);
  const field = (name: (typeof NAMES)[number]) => ({
    name,
    value: values[name],
    error: fields[name],
    onValue: (value: string) => (written.value = { ...written.value, [name]: value }),
  });

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    const sent = written.value;
    // An empty name or user name cannot be saved; it means no change.
    const body: Schemas['ProfileBody'] = Object.fromEntries(changed.map((each) => [each, values[each].trim()]).filter(([name, value]) => value || name === 'phone'));
    try {
      ({ user: me.value } = await data(api.PUT('/api/auth/profile', { body })));
      if (written.value === sent) dropDraft(DRAFT); // what was typed meanwhile stays
      toast(t.saved);
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  }

  return (
    <section>
      <h2>{t.profile}</h2>
      <Avatar user={user} />
      {user.email && <Address user={user} />}
      <form class="account-form" noValidate onSubmit={(event) => void submit(event)}>
        <TextField label={t.name} autocomplete="name" dir="auto" maxLength={200} {...field('name')} />
        <TextField label={t.username} autocomplete="nickname" dir="ltr" maxLength={30} hint={t.usernameHint} {...field('username')} />
        <TextField label={t.phone} type="tel" autocomplete="tel" dir="ltr" hint={t.phoneHint} {...field('phone')} />
        <SelectField label={t.timezone} choices={zones(user.timezone, t.noTimezone)} {...field('timezone')} />
        <div class="account-wide stack">
          <Problem error={rest} />
          <div class="buttons">
            <Button type="submit" look="primary" disabled={changed.length === 0} isBusy={isBusy}>{t.save}</Button>
            {changed.length > 0 && <Button look="quiet" onClick={() => { written.value = {}; setError(null); }}>{t.undoChanges}</Button>}
          </div>
        </div>
      </form>
    </section>
  );
}

function zones(own: string, none: string): { value: string; label: string }[] {
  const known = Intl.supportedValuesOf('timeZone');
  const all = own && !known.includes(own) ? [own, ...known] : known;
  const choices = all.map((each) => ({ value: each, label: each.replaceAll('_', ' ') }));
  return own ? choices : [{ value: '', label: none }, ...choices];
}

/** The e-mail address, and whether it is the user's. */
function Address({ user }: { user: Me }) {
  const t = text();
  const [state, setState] = useState<'idle' | 'busy' | 'sent'>('idle');
  const [error, setError] = useState<unknown>(null);
  const mail = () => {
    setState('busy');
    setError(null);
    api.POST('/api/auth/verify-email', { body: {} }).then(
      () => setState('sent'),
      (caught: unknown) => {
        setError(caught);
        setState('idle');
      },
    );
  };
  return (
    <div class="address">
      <p class="field-label">{t.email}</p>
      <p><span dir="ltr">{user.email}</span> {user.isVerified && <span class="tag">{t.confirmed}</span>}</p>
      {!user.isVerified && (
        <p class="address-state" role="status">
          {state === 'sent' ? t.mailed : <>{t.notConfirmed} <Button look="quiet" small isBusy={state === 'busy'} onClick={mail}>{t.confirm}</Button></>}
        </p>
      )}
      <Problem error={error} />
    </div>
  );
}
