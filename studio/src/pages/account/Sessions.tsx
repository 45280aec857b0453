import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { ago, date } from '../../i18n/index.ts';
import { useResource } from '../../state/resource.ts';
import { Button } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { device } from './devices.ts';
import { text } from './messages.ts';

type Session = Schemas['SessionView'];

export function Sessions() {
  const t = text();
  const listed = useResource(async () => (await data(api.GET('/api/auth/sessions'))).sessions);
  const [ending, setEnding] = useState<Session | 'others' | null>(null);
  return (
    <section>
      <h2>{t.sessions}</h2>
      <Loading of={listed} lines={2}>
        {(sessions) => (
          <>
            <ul class="sessions">{sessions.map((each) => <Row key={each.id} session={each} onEnd={() => setEnding(each)} />)}</ul>
            {sessions.some((each) => !each.current) && <Button small onClick={() => setEnding('others')}>{t.endOthers}</Button>}
          </>
        )}
      </Loading>
      {ending && (
        <End
          session={ending}
          onClose={() => setEnding(null)}
          onEnded={() => {
            listed.change((sessions) => sessions.filter((each) => (ending === 'others' ? each.current : each.id !== ending.id)));
            setEnding(null);
          }}
        />
      )}
    </section>
  );
}

function Row({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const t = text();
  const { browser, system } = device(session.userAgent);
  const name = browser && system ? t.on(browser, system) : browser || system || t.unknownDevice;
  return (
    <li class="session">
      <div>
        <p class="session-name">{name} {session.current && <span class="tag" data-here>{t.here}</span>}</p>
        <p class="row-about">
          <span>{t.lastSeen(ago(session.lastSeenAt))}</span>
          <span>{t.since(date(session.createdAt))}</span>
        </p>
      </div>
      {!session.current && <Button look="quiet" small onClick={onEnd}>{t.end}</Button>}
    </li>
  );
}

function End({ session, onClose, onEnded }: { session: Session | 'others'; onClose: () => void; onEnded: () => void }) {
  const t = text();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isAll = session === 'others';
  async function end(): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      if (isAll) toast(t.endedOthers((await data(api.DELETE('/api/auth/sessions'))).ended));
      else {
        await api.DELETE('/api/auth/sessions/{sessionId}', { params: { path: { sessionId: session.id } } });
        toast(t.ended);
      }
      onEnded();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  }
  return (
    <Confirm title={isAll ? t.endOthersTitle : t.endTitle} action={isAll ? t.endOthers : t.end} isBusy={isBusy} onConfirm={() => void end()} onClose={onClose}>
      <p>{isAll ? t.endOthersWhy : t.endWhy}</p>
      <Problem error={error} />
    </Confirm>
  );
}
