// The plan that somebody, or a company, has, and what can be done with it.
import { useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import { date } from '../../i18n/index.ts';
import { Button } from '../../ui/Button.tsx';
import { Confirm } from '../../ui/Dialog.tsx';
import { Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';
import type { Mine } from './mine.ts';
import { openPortal } from './portal.ts';
import './current.css';

interface Props {
  mine: Mine;
  onChange: () => void;
  /** Whose plan it is, if not one's own. */
  owner?: { companyId?: string };
  /** Where Stripe sends people back to. */
  returnPath?: string;
}

export function Current({ mine, onChange, owner = {}, returnPath = '/plans' }: Props) {
  const t = text();
  const { subscription, billing } = mine;
  const [isAsking, ask] = useState(false);
  const [busy, setBusy] = useState('');
  const [error, setError] = useState<unknown>(null);
  const plan = subscription.currentPlan;
  if (!plan) return null;
  const atStripe = subscription.source === 'stripe';
  const isEnding = billing?.cancelAtPeriodEnd ?? false;
  const does = (name: string, act: () => Promise<unknown>, leaves = false) => {
    setBusy(name);
    setError(null);
    act().then(
      () => {
        if (!leaves) setBusy('');
      },
      (caught) => {
        setBusy('');
        setError(caught);
      },
    );
  };
  const resume = async () => {
    await api.POST('/api/resume-subscription', { body: owner });
    onChange();
    toast(t.kept(plan.name));
  };
  const cancel = async () => {
    try {
      await api.POST('/api/cancel-subscription', { body: owner });
      onChange();
    } finally {
      ask(false);
    }
  };
  return (
    <section class="current" aria-label={t.yours}>
      <p class="current-what"><strong><bdi>{plan.name}</bdi></strong> <span>{sentences(mine).join(' ')}</span></p>
      {warnings(mine).map((each) => <p key={each} class="current-warning">{each}</p>)}
      <Problem error={error} />
      {atStripe && (
        <div class="buttons">
          <Button isBusy={busy === 'bills'} onClick={() => does('bills', () => openPortal({ ...owner, returnPath }), true)}>{t.bills}</Button>
          {isEnding ? (
            <Button isBusy={busy === 'resume'} onClick={() => does('resume', resume)}>{t.resume}</Button>
          ) : (
            <Button look="quiet" onClick={() => ask(true)}>{t.cancel}</Button>
          )}
        </div>
      )}
      {isAsking && (
        <Confirm title={t.cancelTitle(plan.name)} action={t.cancel} isBusy={busy === 'cancel'} onClose={() => ask(false)} onConfirm={() => does('cancel', cancel)}>
          <p>{subscription.periodEnd ? t.cancelWhy(date(subscription.periodEnd, 'long')) : t.cancelNow}</p>
        </Confirm>
      )}
    </section>
  );
}

function sentences({ subscription, billing }: Mine): string[] {
  const t = text();
  const { periodEnd, nextPlan, expiryDate, source } = subscription;
  const said = billing?.trialEndsAt ? [t.trialEnds(date(billing.trialEndsAt))] : [];
  // What an administrator gave may have an end that is fixed.
  if (source === 'admin' && !nextPlan) return expiryDate ? [...said, t.runs(date(expiryDate))] : said;
  if (!periodEnd) return said;
  if (billing?.cancelAtPeriodEnd) return [...said, t.ends(date(periodEnd))];
  return [...said, nextPlan ? t.follows(nextPlan.name, date(periodEnd)) : t.renews(date(periodEnd))];
}

function warnings({ billing }: Mine): string[] {
  const t = text();
  if (!billing) return [];
  const said: string[] = [];
  if (billing.blocked) said.push(t.blocked);
  if (billing.pastDueSince) said.push(billing.graceUntil ? t.pastDue(date(billing.graceUntil, 'long')) : t.pastDueNow);
  if (billing.owed.tokens || billing.owed.voiceMinutes) said.push(t.owed(billing.owed.tokens, billing.owed.voiceMinutes));
  return said;
}
