// A job at work: its step, how far it is, and the way out. Screen readers hear at most one message
// in five seconds.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Schemas } from '../api/client.ts';
import { messages, number } from '../i18n/index.ts';
import { Button } from '../ui/Button.tsx';
import type { Followed } from './follow.ts';

type Step = Schemas['JobView']['currentStep'];

const text = messages(
  {
    waiting: 'Waits for another of your jobs',
    queued: 'Waits for its turn',
    cancel: 'Cancel',
    cancelling: 'Cancelling',
    lost: 'No connection. The work goes on, and shows up here.',
    percent: (value: number) => `${number(value)} %`,
    speech: 'Speaking',
    assembly: 'Putting the sound together',
    upload: 'Storing',
    settlement: 'Finishing',
    translation: 'Translating',
    recognition: 'Listening',
    writing: 'Writing',
    captions: 'Making captions',
    video_generation: 'Drawing',
    video_assembly: 'Cutting the film',
    audio_generation: 'Speaking the lines',
    audio_validation: 'Checking the lines',
    working: 'Working',
  },
  {
    waiting: 'بانتظار مهمة أخرى لك',
    queued: 'بانتظار الدور',
    cancel: 'إلغاء',
    cancelling: 'جارٍ الإلغاء',
    lost: 'لا يوجد اتصال. العمل مستمر وسيظهر هنا.',
    percent: (value) => `${number(value)}٪`,
    speech: 'جارٍ النطق',
    assembly: 'جارٍ تجميع الصوت',
    upload: 'جارٍ الحفظ',
    settlement: 'جارٍ الإنهاء',
    translation: 'جارٍ الترجمة',
    recognition: 'جارٍ الاستماع',
    writing: 'جارٍ الكتابة',
    captions: 'جارٍ إعداد التسميات التوضيحية',
    video_generation: 'جارٍ الرسم',
    video_assembly: 'جارٍ تركيب الفيلم',
    audio_generation: 'جارٍ نطق الأسطر',
    audio_validation: 'جارٍ فحص الأسطر',
    working: 'قيد العمل',
  },
);

/** The current step in words. */
export function stepWords(job: Schemas['JobView'] | undefined): string {
  const t = text();
  if (!job || job.status === 'queued') return job?.waiting ? t.waiting : t.queued;
  const named = (t as Partial<Record<Step, string>>)[job.currentStep];
  return named ?? t.working;
}

export function JobProgress({ followed, onCancel }: { followed: Followed; onCancel?: () => void }) {
  const t = text();
  const [isCancelling, setCancelling] = useState(false);
  const job = followed.progress?.job;
  const percent = job?.overallProgress ?? 0;
  const step = stepWords(job);
  const said = useThrottled(step, 5000);
  return (
    <div class="job">
      <div class="job-head">
        <p class="job-step">{step}</p>
        <span class="job-percent">{t.percent(percent)}</span>
      </div>
      <progress class="bar" max={100} value={percent} aria-label={step} />
      <p class="visually-hidden" role="status">{said}</p>
      {followed.error !== null && <p class="job-note">{t.lost}</p>}
      {onCancel && (
        <Button small look="quiet" isBusy={isCancelling} onClick={() => { setCancelling(true); onCancel(); }}>
          {isCancelling ? t.cancelling : t.cancel}
        </Button>
      )}
    </div>
  );
}

function useThrottled(value: string, pause: number): string {
  const [shown, show] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, last.current + pause - Date.now());
    const timer = setTimeout(() => {
      last.current = Date.now();
      show(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value]);
  return shown;
}
