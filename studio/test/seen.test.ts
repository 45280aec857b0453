import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seenIn, withSeen } from '../src/jobs/seen.ts';

const names = ['audio_validation', 'audio_generation', 'video_generation'] as const;
const step = (stepName: (typeof names)[number]) => ({
  stepName, status: 'pending' as const, progress: 0, message: '', startedAt: null, completedAt: null, errorMessage: null,
});
const job = {
  jobId: 'a', kind: 'video' as const, status: 'queued' as const, waiting: true, overallProgress: 0, currentStep: '' as const,
  steps: names.map(step), totalSteps: 3, completedSteps: 0, attempt: 0, charge: null, createdAt: '', startedAt: null,
  completedAt: null, error: null, errorMessage: null,
};
const view = { step: 'audio_generation', stepProgress: 40, progress: 21, done: 4, total: 10, message: 'Spoke 4 of 10 lines' };
const stored = { status: 'in_progress', waiting: false, view };

test('what a listener sees is what the API would answer', () => {
  const after = withSeen(job, seenIn(stored)!);
  assert.deepEqual([after.status, after.waiting, after.overallProgress, after.currentStep], ['in_progress', false, 21, 'audio_generation']);
  assert.deepEqual(after.steps.map((each) => [each.status, each.progress]), [['completed', 100], ['in_progress', 40], ['pending', 0]]);
  assert.equal(after.completedSteps, 1);
});

test('what was seen before the answer of the API changes nothing', () => {
  const later = { ...job, status: 'in_progress' as const, overallProgress: 30 };
  assert.equal(withSeen(later, seenIn(stored)!), later);
  const queued = { ...stored, status: 'queued', view: { ...view, step: '', progress: 0 } };
  assert.equal(withSeen({ ...later, overallProgress: 0 }, seenIn(queued)!).status, 'in_progress');
});

test('only the API tells of what has ended, is gone, or has no view', () => {
  for (const each of [undefined, { status: 'in_progress' }, { ...stored, status: 'completed' }]) assert.equal(seenIn(each), null);
});
