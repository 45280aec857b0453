// Where the links in Firebase's mails lead. It acts on a click: programs that scan mails open links.
import { useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import { fieldMessages } from '../../api/errors.ts';
import { address } from '../../router.ts';
import { refresh } from '../../session/session.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Page } from '../../ui/Page.tsx';
import { Problem } from '../../ui/States.tsx';
import { waiting } from '../companies/waiting.ts';
import { text } from './messages.ts';
import './sign-in.css';

export default function Action() {
  const { searchParams } = address.value;
  const code = searchParams.get('oobCode');
  const mode = searchParams.get('mode');
  const isKnown = code && (mode === 'resetPassword' || mode === 'verifyEmail');
  return <div class="door">{!isKnown ? <Broken /> : mode === 'resetPassword' ? <Reset code={code} /> : <Verify code={code} />}</div>;
}

function Broken() {
  const t = text();
  return (
    <Page title={t.brokenTitle} lead={t.brokenLead}>
      <LinkButton href="/sign-in" look="primary">{t.toSignInLink}</LinkButton>
    </Page>
  );
}

type State = { at: 'idle' | 'busy' | 'done'; error: unknown };

function useAction(act: () => Promise<unknown>): [State, () => void] {
  const [state, setState] = useState<State>({ at: 'idle', error: null });
  const run = () => {
    setState({ at: 'busy', error: null });
    act().then(
      () => setState({ at: 'done', error: null }),
      (error: unknown) => setState({ at: 'idle', error }),
    );
  };
  return [state, run];
}

function Reset({ code }: { code: string }) {
  const t = text();
  const [password, setPassword] = useState('');
  const [state, run] = useAction(() => api.POST('/api/auth/reset-password', { body: { code, password } }));
  const fields = fieldMessages(state.error);
  const wrong = fields.password;
  if (state.at === 'done') {
    return <Page title={t.resetTitle} lead={t.resetDone}><LinkButton href={waiting().value.token ? '/sign-in?to=/invitation' : '/sign-in'} look="primary">{t.toSignInLink}</LinkButton></Page>;
  }
  return (
    <Page title={t.resetTitle} lead={t.resetLead}>
      <form class="stack" noValidate onSubmit={(event) => { event.preventDefault(); run(); }}>
        {!wrong && <Problem error={state.error} />}
        <TextField label={t.password} name="password" type="password" autocomplete="new-password" dir="ltr" value={password} onValue={setPassword} hint={t.passwordHint} error={wrong} />
        <Button type="submit" look="primary" isBusy={state.at === 'busy'}>{t.reset}</Button>
      </form>
    </Page>
  );
}

function Verify({ code }: { code: string }) {
  const t = text();
  const [state, run] = useAction(async () => {
    await api.POST('/api/auth/verify-email', { body: { code } });
    await refresh();
  });
  if (state.at === 'done') {
    return <Page title={t.verifyTitle} lead={t.verified}><LinkButton href={waiting().value.token ? '/invitation' : '/speak'} look="primary">{t.on}</LinkButton></Page>;
  }
  return (
    <Page title={t.verifyTitle} lead={t.verifyLead}>
      <div class="stack">
        <Problem error={state.error} />
        <Button look="primary" isBusy={state.at === 'busy'} onClick={run}>{t.verify}</Button>
      </div>
    </Page>
  );
}
