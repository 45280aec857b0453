// One call: how to get in, who was invited, and what became of it.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { clock, date } from '../../i18n/index.ts';
import type { PageProps } from '../../router.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Page } from '../../ui/Page.tsx';
import { Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text as callText } from './call-messages.ts';
import { Check } from './Check.tsx';
import { Comments } from './Comments.tsx';
import { Invitations } from './Invitations.tsx';
import { text } from './messages.ts';
import { Outcome } from './Outcome.tsx';
import { Recordings } from './Recordings.tsx';
import { Reviews } from './Reviews.tsx';
import './calls.css';

type CallView = Schemas['CallView'];

export default function Call({ params }: PageProps) {
  const t = text();
  const callId = params.id!;
  const found = useResource(async () => (await data(api.GET('/api/videocalls/{callId}', { params: { path: { callId } } }))).call, [callId]);
  const known = found.loaded.value;
  const put = (change: Partial<CallView>) => found.change((call) => ({ ...call, ...change }));
  return (
    <Page title={known.state === 'ready' ? known.value.title : t.call}>
      <Loading of={found} lines={6}>{(call) => <Found key={call.id} call={call} onChange={put} />}</Loading>
    </Page>
  );
}

type Change = (change: Partial<CallView>) => void;

function Found({ call, onChange }: { call: CallView; onChange: Change }) {
  const t = text();
  const words = callText();
  const isToCome = ['pending', 'scheduled', 'ringing', 'active'].includes(call.status);
  const isHeld = call.status === 'active' || call.startedAt !== null;
  const link = new URL(call.joinUrl, location.origin).href;
  const copy = () => void navigator.clipboard.writeText(link).then(() => toast(t.copied), () => {});
  return (
    <div class="call">
      <p class="row-about">
        <span class="tag" data-status={call.status === 'active' ? 'in_progress' : call.status}>{t[call.status]}</span>
        <span>{call.media === 'video' ? t.video : t.audio}</span>
      </p>
      {isToCome && (
        <div class="buttons">
          <LinkButton href={`/calls/${call.id}/live`} look="primary" icon="calls">{words.join}</LinkButton>
          <Button icon="copy" onClick={copy}>{t.copy}</Button>
        </div>
      )}
      <dl class="facts">
        {isToCome && <Fact name={t.code}><span class="call-code" dir="ltr">{call.code}</span></Fact>}
        <Fact name={t.host}><span dir="auto">{call.host.name}</span></Fact>
        {call.scheduledAt && <Fact name={t.planned}>{date(call.scheduledAt, 'long')}</Fact>}
        {call.startedAt && <Fact name={t.started}>{date(call.startedAt, 'long')}</Fact>}
        {call.seconds > 0 && <Fact name={t.length}><span dir="ltr">{clock(call.seconds)}</span></Fact>}
        {call.participantCount > 0 && <Fact name={t.people}>{t.participants(call.participantCount)}</Fact>}
        {call.quality?.word && <Fact name={t.quality}>{t[call.quality.word]}</Fact>}
        {call.review && <Fact name={t.rating}>{t.stars(call.review.rating)}</Fact>}
      </dl>
      {isToCome && <Settings call={call} onChange={onChange} />}
      <Invitations call={call} isToCome={isToCome} />
      {isHeld && <Recordings call={call} />}
      {call.status !== 'cancelled' && <Outcome call={call} onChange={onChange} />}
      {isHeld && <Reviews call={call} />}
      <section class="stack">
        <h2>{words.comments}</h2>
        <Comments kind="call" id={call.id} />
      </section>
      {['pending', 'scheduled'].includes(call.status) && <Cancel call={call} onChange={onChange} />}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What holds in the call is saved with each click. Answers may come in another order than the clicks, so each
 * changes only what was clicked. */
function Settings({ call, onChange }: { call: CallView; onChange: Change }) {
  const t = callText();
  const [error, setError] = useState<unknown>(null);
  const set = (body: Partial<Pick<CallView, 'lobby' | 'captions' | 'recordingPolicy'>>) => {
    setError(null);
    api.PUT('/api/videocalls/{callId}', { params: { path: { callId: call.id } }, body }).then(() => onChange(body), setError);
  };
  return (
    <section class="stack">
      <h2>{t.settings}</h2>
      <div>
        <Check label={t.lobby} value={call.lobby} onValue={(lobby) => set({ lobby })} />
        <Check label={t.captions} value={call.captions} onValue={(captions) => set({ captions })} />
        <Check label={t.recording} value={call.recordingPolicy === 'ask'} onValue={(isOn) => set({ recordingPolicy: isOn ? 'ask' : 'off' })} />
      </div>
      <Problem error={error} />
    </section>
  );
}

function Cancel({ call, onChange }: { call: CallView; onChange: Change }) {
  const t = text();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const confirm = () => {
    setBusy(true);
    setError(null);
    api.DELETE('/api/videocalls/{callId}', { params: { path: { callId: call.id } } }).then(
      () => {
        toast(t.isCancelled);
        onChange({ status: 'cancelled' });
      },
      (failure: unknown) => {
        setError(failure);
        setBusy(false);
      },
    );
  };
  return (
    <div>
      <Button look="danger" onClick={() => setAsking(true)}>{t.cancel}</Button>
      {isAsking && (
        <Confirm title={t.cancel} action={t.cancel} isBusy={isBusy} onConfirm={confirm} onClose={() => setAsking(false)}>
          <p>{t.cancelWhy}</p>
          <Problem error={error} />
        </Confirm>
      )}
    </div>
  );
}
