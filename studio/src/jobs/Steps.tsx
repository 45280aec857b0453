// The steps of a job, one below the other: which are done, and how far the current one is.
import type { Schemas } from '../api/client.ts';
import { messages, number } from '../i18n/index.ts';
import { Icon } from '../ui/Icon.tsx';
import './steps.css';

const text = messages(
  { done: 'Done', percent: (value: number) => `${number(value)} %` },
  { done: 'تم', percent: (value) => `${number(value)}٪` },
);

export function Steps({ job, names }: { job: Schemas['JobView']; names: Partial<Record<Schemas['StepName'], string>> }) {
  const t = text();
  return (
    <ol class="job-steps">
      {job.steps.map(({ stepName, status, progress }) => (
        <li key={stepName} data-status={status} aria-current={status === 'in_progress' ? 'step' : undefined}>
          <span class="job-mark">{status === 'completed' && <Icon name="check" size={16} />}</span>
          <span>{names[stepName] ?? stepName}</span>
          {status === 'in_progress' && progress > 0 && <span class="job-share">{t.percent(progress)}</span>}
          {status === 'completed' && <span class="visually-hidden">{t.done}</span>}
        </li>
      ))}
    </ol>
  );
}
