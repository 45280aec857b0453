// What a listener sees of a job: little, and enough to show how far it is without asking the API.
import type { Schemas } from '../api/client.ts';

export type Job = Schemas['JobView'];

export interface Seen {
  status: Job['status'];
  waiting: boolean;
  step: Job['currentStep'];
  stepProgress: number;
  progress: number;
  message: string;
}

/** Null for what only the API can tell: a job that has ended, or is gone, or of an older version. */
export function seenIn(stored: Record<string, unknown> | undefined): Seen | null {
  const status = stored?.['status'] as Job['status'] | undefined;
  const view = stored?.['view'] as Omit<Seen, 'status' | 'waiting'> | undefined;
  if (!view || (status !== 'queued' && status !== 'in_progress')) return null;
  const { step, stepProgress, progress, message } = view;
  return { status, waiting: stored?.['waiting'] === true, step, stepProgress, progress, message };
}

/** The job as the API would answer it now. What was seen before that answer changes nothing. */
export function withSeen(job: Job, seen: Seen): Job {
  const { status, waiting, step, stepProgress, progress, message } = seen;
  if (progress < job.overallProgress || (status === 'queued' && job.status !== 'queued')) return job;
  const current = job.steps.findIndex((each) => each.stepName === step);
  const steps = job.steps.map((each, place) => {
    if (place < current) return { ...each, status: 'completed' as const, progress: 100 };
    return place === current ? { ...each, status: 'in_progress' as const, progress: stepProgress, message } : each;
  });
  return { ...job, status, waiting, overallProgress: progress, currentStep: step, steps, completedSteps: Math.max(0, current) };
}
