// What the owner and the moderators of a room decide: its settings, its members, how people come in, its
// words, and its end.
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { fieldMessages } from '../../api/errors.ts';
import { go, type PageProps } from '../../router.ts';
import { draft, dropDraft } from '../../state/drafts.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Choices, Field, SelectField, TextField } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty, Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { Check } from './Check.tsx';
import { Glossary } from './Glossary.tsx';
import { Invitations } from './Invitations.tsx';
import { text as manageText } from './manage-messages.ts';
import { everybody, Members } from './Members.tsx';
import { text } from './messages.ts';
import './rooms.css';

type RoomView = Schemas['RoomView'];
type Settings = RoomView['settings'];

export default function Manage({ params }: PageProps) {
  const t = manageText();
  const roomId = params.id!;
  const found = useResource(async () => (await data(api.GET('/api/rooms/{roomId}', { params: { path: { roomId } } }))).room, [roomId]);
  const known = found.loaded.value;
  return (
    <Page
      title={t.title}
      lead={known.state === 'ready' && <span dir="auto">{known.value.name}</span>}
      actions={<LinkButton href={`/rooms/${roomId}`}>{t.back}</LinkButton>}
    >
      <Loading of={found} lines={8}>
        {(room) =>
          room.role === 'owner' || room.role === 'moderator' ? (
            <div class="rooms-manage">
              <About room={room} onChange={(saved) => found.change(() => saved)} />
              <Members roomId={roomId} isOwner={room.role === 'owner'} />
              <Invitations roomId={roomId} />
              <Glossary roomId={roomId} languages={Object.keys(room.languages)} />
              {room.role === 'owner' && <End room={room} onChange={(saved) => found.change(() => saved)} />}
            </div>
          ) : (
            <Empty title={t.notYours} />
          )
        }
      </Loading>
    </Page>
  );
}

/** What can be typed or chosen, without the password. */
type Form = Pick<RoomView, 'name' | 'topic' | 'isPrivate'> & { announcement: string } & Pick<Settings, 'guests' | 'memberInvites' | 'maxMembers' | 'retentionDays' | 'slowSeconds' | 'translate' | 'payer' | 'speech' | 'autoSpeak'>;

function formOf({ name, topic, isPrivate, announcement, settings }: RoomView): Form {
  const { guests, memberInvites, maxMembers, retentionDays, slowSeconds, translate, payer, speech, autoSpeak } = settings;
  return { name, topic, isPrivate, announcement: announcement?.text ?? '', guests, memberInvites, maxMembers, retentionDays, slowSeconds, translate, payer, speech, autoSpeak };
}

const ABOUT = new Set(['name', 'topic', 'isPrivate', 'announcement']);

function About({ room, onChange }: { room: RoomView; onChange: (room: RoomView) => void }) {
  const t = manageText();
  const words = text();
  const isOwner = room.role === 'owner';
  const name = `room.manage.${room.id}`;
  const changed = draft<Partial<Form>>(name, {});
  const form = { ...formOf(room), ...changed.value };
  // A password is not written into storage.
  const [password, setPassword] = useState('');
  const [removes, setRemoves] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isNameMissing, setNameMissing] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const change = (values: Partial<Form>) => {
    changed.value = { ...changed.value, ...values };
  };
  const wrong = fieldMessages(error);
  const field = (key: string) => wrong[key] ?? wrong[`settings.${key}`];
  const save = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setNameMissing(!form.name.trim());
    setError(null);
    if (!form.name.trim()) {
      (event.currentTarget as HTMLFormElement).querySelector<HTMLInputElement>('[name="name"]')?.focus();
      return;
    }
    setBusy(true);
    // Only what is another than before: moderators may not send the rest.
    const before = formOf(room) as Record<string, unknown>;
    const all = Object.entries(form).filter(([key, value]) => value !== before[key]);
    const about = Object.fromEntries(all.filter(([key]) => ABOUT.has(key)).map(([key, value]) => [key, typeof value === 'string' ? value.trim() : value]));
    const settings = Object.fromEntries(all.filter(([key]) => !ABOUT.has(key)));
    const secret = form.isPrivate && (removes || password) ? { password: removes ? '' : password } : {};
    try {
      const saved = await data(api.PUT('/api/rooms/{roomId}', { params: { path: { roomId: room.id } }, body: { ...about, ...secret, ...(Object.keys(settings).length > 0 && { settings }) } }));
      dropDraft(name);
      setPassword('');
      setRemoves(false);
      toast(t.saved);
      onChange(saved.room);
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  const count = (key: 'maxMembers' | 'retentionDays' | 'slowSeconds', label: string, limits: { min: number; max: number }, hint?: string) => (
    <TextField label={label} type="number" inputMode="numeric" dir="ltr" {...limits} value={String(form[key])} hint={hint} error={field(key)} onValue={(value) => change({ [key]: Number(value) })} />
  );
  return (
    <form class="stack rooms-form" noValidate onSubmit={(event) => void save(event)}>
      <h2>{t.about}</h2>
      <TextField label={words.name} name="name" dir="auto" maxLength={80} value={form.name} error={isNameMissing ? t.nameMissing : wrong.name} onValue={(value) => change({ name: value })} />
      <TextField label={words.topic} dir="auto" maxLength={200} value={form.topic} error={wrong.topic} onValue={(value) => change({ topic: value })} />
      <Field label={t.announcement} hint={t.announcementHint} error={wrong.announcement}>
        {(tied) => <textarea {...tied} class="input" rows={2} dir="auto" maxLength={1000} value={form.announcement} onInput={(event) => change({ announcement: event.currentTarget.value })} />}
      </Field>
      {isOwner && (
        <>
          <h2>{t.access}</h2>
          <Choices label={words.access} value={form.isPrivate ? 'invited' : 'everybody'} choices={[{ value: 'invited', label: words.invited }, { value: 'everybody', label: words.everybody }]} onValue={(value) => change({ isPrivate: value === 'invited' })} />
          {form.isPrivate && (
            <>
              <TextField label={t.password} type="password" autocomplete="new-password" dir="ltr" disabled={removes} value={password} hint={room.hasPassword ? t.passwordKept : t.passwordHint} error={wrong.password} onValue={setPassword} />
              {room.hasPassword && <Check label={t.removePassword} value={removes} onValue={setRemoves} />}
            </>
          )}
          <Check label={t.guests} value={form.guests} onValue={(guests) => change({ guests })} />
          <Check label={t.memberInvites} value={form.memberInvites} onValue={(memberInvites) => change({ memberInvites })} />
          {count('maxMembers', t.maxMembers, { min: 2, max: 500 })}
          <h2>{t.messages}</h2>
          {count('retentionDays', t.retention, { min: 0, max: 3650 }, t.retentionHint)}
          {count('slowSeconds', t.slow, { min: 0, max: 3600 }, t.slowHint)}
          <Check label={t.translate} value={form.translate} onValue={(translate) => change({ translate })} />
          <h2>{t.speech}</h2>
          <SelectField
            label={t.payer}
            hint={t.payerHint}
            value={form.payer}
            choices={[
              { value: 'owner', label: t.payOwner },
              { value: 'sender', label: t.paySender },
              ...(room.companyId ? [{ value: 'company', label: t.payCompany }] : []),
              { value: 'none', label: t.payNone },
            ]}
            error={field('payer')}
            onValue={(value) => change({ payer: value as Form['payer'] })}
          />
          <SelectField
            label={t.who}
            value={form.speech}
            choices={[{ value: 'members', label: t.whoMembers }, { value: 'moderators', label: t.whoModerators }, { value: 'off', label: t.whoOff }]}
            error={field('speech')}
            onValue={(value) => change({ speech: value as Form['speech'] })}
          />
          <Check label={t.autoSpeak} value={form.autoSpeak} onValue={(autoSpeak) => change({ autoSpeak })} />
        </>
      )}
      <Problem error={error} />
      <Button type="submit" look="primary" isBusy={isBusy}>{t.save}</Button>
    </form>
  );
}

type Ending = 'close' | 'clear' | 'handOver' | 'delete';

function End({ room, onChange }: { room: RoomView; onChange: (room: RoomView) => void }) {
  const t = manageText();
  const [asked, setAsked] = useState<Ending | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [owner, setOwner] = useState('');
  const params = { path: { roomId: room.id } };
  const setStatus = async (status: RoomView['status']) => onChange((await data(api.PUT('/api/rooms/{roomId}', { params, body: { status } }))).room);
  const leave = () => go('/rooms', { replace: true });
  const acts: Record<Ending, { why: string; done: string; run: () => Promise<unknown> }> = {
    close: { why: t.closeWhy, done: t.closed, run: () => setStatus('archived') },
    clear: { why: t.clearWhy, done: t.cleared, run: () => api.DELETE('/api/rooms/{roomId}/messages', { params }) },
    handOver: { why: t.handOverWhy, done: t.handedOver, run: async () => { await api.POST('/api/rooms/{roomId}/leave', { params, body: { transferTo: owner } }); leave(); } },
    delete: { why: t.deleteWhy, done: t.deleted, run: async () => { await api.DELETE('/api/rooms/{roomId}', { params }); leave(); } },
  };
  const act = (run: () => Promise<unknown>, done: string) => {
    setBusy(true);
    setError(null);
    run()
      .then(() => {
        setAsked(null);
        toast(done);
      }, setError)
      .finally(() => setBusy(false));
  };
  const ask = (ending: Ending) => {
    setError(null);
    setAsked(ending);
  };
  return (
    <section class="stack">
      <h2>{t.end}</h2>
      <div class="buttons">
        {room.status === 'open' ? <Button onClick={() => ask('close')}>{t.close}</Button> : <Button isBusy={isBusy} onClick={() => act(() => setStatus('open'), t.reopened)}>{t.reopen}</Button>}
        <Button onClick={() => ask('handOver')}>{t.handOver}</Button>
        <Button look="danger" onClick={() => ask('clear')}>{t.clear}</Button>
        <Button look="danger" onClick={() => ask('delete')}>{t.delete}</Button>
      </div>
      {asked === null && <Problem error={error} />}
      {asked && (
        <Confirm title={t[asked]} action={t[asked]} isBusy={isBusy} onConfirm={() => (asked !== 'handOver' || owner) && act(acts[asked].run, acts[asked].done)} onClose={() => setAsked(null)}>
          <p>{acts[asked].why}</p>
          {asked === 'handOver' && <NewOwner roomId={room.id} value={owner} onValue={setOwner} />}
          <Problem error={error} />
        </Confirm>
      )}
    </section>
  );
}

/** Guests cannot own a room. */
function NewOwner({ roomId, value, onValue }: { roomId: string; value: string; onValue: (value: string) => void }) {
  const t = manageText();
  const found = useResource(async () => {
    const able = (await everybody(roomId)).filter((each) => each.role !== 'owner' && !each.guest);
    onValue(able[0]?.userId ?? '');
    return able;
  });
  return (
    <Loading of={found} lines={1}>
      {(able) =>
        able.length === 0 ? <p>{t.nobodyElse}</p> : <SelectField label={t.newOwner} value={value} choices={able.map((each) => ({ value: each.userId, label: each.name }))} onValue={onValue} />
      }
    </Loading>
  );
}
