// A script that is being edited: what is typed is kept in this browser at once, and saved a moment
// later, unless the script was changed elsewhere.
import { batch, computed, signal } from '@preact/signals';
import { api, data, type Schemas } from '../../api/client.ts';
import { answered, keyFor } from '../../api/idempotency.ts';
import { ApiError } from '../../api/errors.ts';
import { dismiss, follow, followed } from '../../jobs/follow.ts';
import { hasEnded } from '../../jobs/kinds.ts';
import { refresh } from '../../session/session.ts';
import { forget, keep, kept } from '../../state/storage.ts';
import { afterSaving, change, isSent, read, same, sentLine, stateOf, type Line, type State } from './lines.ts';

export type Script = Schemas['ScriptView'];

export const load = async (scriptId: string): Promise<Script> =>
  (await data(api.GET('/api/scripts/{scriptId}', { params: { path: { scriptId } } }))).script;

/** What something would cost, after the same checks as starting it. */
export const quote = (scriptId: string, body: Schemas['QuoteScript'], signal?: AbortSignal): Promise<Schemas['PriceData']> =>
  data(api.POST('/api/scripts/{scriptId}/quote', { params: { path: { scriptId } }, body, ...(signal && { signal }) }));

interface Draft {
  revision: number;
  title: string;
  lines: Line[];
}

type Saving = 'saved' | 'waiting' | 'saving' | 'failed' | 'conflict';

const PAUSE = 700;

export class Editing {
  readonly script;
  readonly title;
  readonly lines;
  readonly saving = signal<Saving>('saved');
  /** Why it was not saved, or what failed of what was asked for. */
  readonly problem = signal<unknown>(null);
  /** What is wrong with lines, by key. */
  readonly faults = signal<Record<string, string>>({});
  /** Removed lines that can still be taken back. */
  readonly removed = signal<ReadonlySet<string>>(new Set());
  /** The line that is being spoken alone, or was last. */
  readonly alone = signal('');
  readonly isStarting = signal(false);
  readonly jobError = signal<ApiError | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> | null = null;

  constructor(script: Script) {
    this.script = signal(script);
    this.title = signal(script.title);
    this.lines = signal(read(script.dialogue));
    this.takeUp();
    this.watch();
  }

  private get name(): string {
    return `draft.script.${this.script.value.id}`;
  }

  readonly shown = computed(() => this.lines.value.filter((line) => !this.removed.value.has(line.key)));

  readonly isDirty = computed(() => this.body() !== null);

  readonly job = computed(() => {
    const { activeJobId: id } = this.script.value;
    const each = id ? followed.value[`script/${id}`] : undefined;
    return each?.progress && hasEnded(each.progress.job) ? undefined : each;
  });

  /** A job works on the script: its words stay as they are until it has ended. */
  readonly isLocked = computed(() => this.script.value.activeJobId !== null);

  stateOf(line: Line): State {
    const isWorking = this.isLocked.value && !this.isAlone.value;
    if (this.isLocked.value && this.alone.value === line.key) return 'speaking';
    const state = stateOf(line);
    if (isWorking && state !== 'spoken') return 'speaking';
    return state !== 'spoken' && this.jobError.value && (!this.alone.value || this.alone.value === line.key) ? 'failed' : state;
  }

  private readonly isAlone = computed(() => this.job.value?.progress?.job.kind === 'script_line' || Boolean(this.alone.value));

  /** Reads what was kept in this browser but not saved. */
  private takeUp(): void {
    const draft = kept<Draft>(this.name);
    if (!draft) return;
    const { revision } = this.script.value;
    const before = this.lines.value;
    batch(() => {
      this.title.value = draft.title;
      // What the server knows of a line may have changed since.
      this.lines.value = draft.lines.map((line) => ({ ...line, saved: before.find(({ saved }) => same([saved!], [line]))?.saved ?? null }));
    });
    if (!this.isDirty.value) forget(this.name);
    else if (draft.revision === revision) this.later();
    else this.saving.value = 'conflict';
  }

  private watch(): void {
    const { activeJobId } = this.script.value;
    if (activeJobId) follow('script', activeJobId);
  }

  /** What differs from the server's script, or null. */
  private body(): Schemas['UpdateScript'] | null {
    const script = this.script.value;
    const title = this.title.value.trim();
    const dialogue = this.lines.value.filter(isSent).map(sentLine);
    const body = {
      ...(title && title !== script.title && { title }),
      ...(!same(dialogue, script.dialogue) && { dialogue }),
    };
    return Object.keys(body).length ? body : null;
  }

  edit(lines: Line[]): void {
    this.lines.value = lines;
    this.changed();
  }

  change(key: string, changes: Partial<Line>): void {
    this.edit(change(this.lines.value, key, changes));
  }

  retitle(title: string): void {
    this.title.value = title;
    this.changed();
  }

  private changed(): void {
    this.faults.value = {};
    this.jobError.value = null;
    if (this.saving.value === 'conflict') return this.keepDraft();
    if (!this.isDirty.value) {
      clearTimeout(this.timer);
      forget(this.name);
      this.saving.value = 'saved';
      this.problem.value = null;
      return;
    }
    this.keepDraft();
    this.later();
  }

  private keepDraft(): void {
    const { revision } = kept<Draft>(this.name) ?? this.script.value;
    keep(this.name, { revision, title: this.title.value, lines: this.lines.value } satisfies Draft);
  }

  private later(): void {
    if (this.saving.value !== 'saving') this.saving.value = 'waiting';
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), PAUSE);
  }

  /** Whether everything is saved now. */
  async save(): Promise<boolean> {
    clearTimeout(this.timer);
    while (this.sending) await this.sending;
    if (this.saving.value === 'conflict') return false;
    while (this.isDirty.value) {
      this.sending = this.send().finally(() => (this.sending = null));
      await this.sending;
      if (this.saving.value !== 'saved') return false;
    }
    return true;
  }

  private async send(): Promise<void> {
    const body = this.body();
    if (!body || this.isLocked.value) return;
    const { id, revision } = this.script.value;
    const sent = this.lines.value.filter(isSent);
    this.saving.value = 'saving';
    try {
      const { script } = await data(
        api.PUT('/api/scripts/{scriptId}', { params: { path: { scriptId: id }, header: { 'If-Match': String(revision) } }, body }),
      );
      batch(() => {
        this.script.value = script;
        this.lines.value = afterSaving(this.lines.value, sent, script.dialogue);
        this.saving.value = 'saved';
        this.problem.value = null;
        this.faults.value = {};
      });
      forget(this.name);
      if (this.isDirty.value) this.keepDraft();
    } catch (error) {
      await this.notSaved(error, sent);
    }
  }

  private async notSaved(error: unknown, sent: readonly Line[]): Promise<void> {
    const code = error instanceof ApiError ? error.code : '';
    if (code === 'script_changed') {
      this.saving.value = 'conflict';
      return;
    }
    this.saving.value = 'failed';
    this.problem.value = error;
    if (code === 'invalid_dialogue') {
      const { lines } = (error as ApiError).details as { lines?: Schemas['InvalidLine'][] };
      this.faults.value = Object.fromEntries((lines ?? []).map(({ line, message }) => [sent[line - 1]?.key ?? '', message]));
    }
    // Another tab has had it spoken: it is saved when that has ended.
    if (code === 'script_busy') await this.reread();
  }

  /** Mine over theirs, or theirs over mine. */
  async settle(keepMine: boolean): Promise<void> {
    try {
      const script = await load(this.script.value.id);
      this.saving.value = 'saved';
      if (keepMine) {
        this.script.value = script;
        forget(this.name);
        this.changed();
        await this.save();
      } else this.show(script);
    } catch (error) {
      this.problem.value = error;
    }
  }

  private show(script: Script): void {
    batch(() => {
      this.script.value = script;
      this.title.value = script.title;
      this.lines.value = read(script.dialogue, this.lines.value);
      this.removed.value = new Set();
      this.problem.value = null;
      this.faults.value = {};
    });
    forget(this.name);
    this.watch();
  }

  /** What the server has now, unless something here is not saved. */
  async reread(): Promise<void> {
    const script = await load(this.script.value.id).catch(() => null);
    if (!script) return;
    if (!this.isDirty.value && !this.sending && !this.lines.value.some((line) => !isSent(line))) this.show(script);
    else if (script.revision === this.script.value.revision) {
      this.script.value = script;
      this.lines.value = afterSaving(this.lines.value, this.lines.value.filter(isSent), script.dialogue);
      this.watch();
      if (this.saving.value === 'failed' && !script.activeJobId) this.later();
    } else if (this.isDirty.value) this.saving.value = 'conflict';
  }

  /** A job has ended: the sounds that it made are there. */
  async ended(job: Schemas['JobView']): Promise<void> {
    const { activeJobId } = this.script.value;
    await this.reread();
    batch(() => {
      if (job.status === 'failed' && job.error) this.jobError.value = new ApiError(job.error.code, job.error.message);
      else this.alone.value = '';
    });
    if (activeJobId) dismiss('script', activeJobId);
    void refresh();
  }

  remove(key: string): void {
    this.removed.value = new Set([...this.removed.value, key]);
  }

  takeBack(key: string): void {
    this.removed.value = new Set([...this.removed.value].filter((each) => each !== key));
  }

  removeForGood(keys: Iterable<string> = [...this.removed.value]): void {
    const gone = new Set([...keys].filter((key) => this.removed.value.has(key)));
    if (!gone.size || this.isLocked.value) return;
    this.removed.value = new Set([...this.removed.value].filter((key) => !gone.has(key)));
    this.edit(this.lines.value.filter((line) => !gone.has(line.key)));
  }

  /** The number of a line for the API, which does not know empty ones. */
  numberOf(key: string): number {
    return this.lines.value.filter(isSent).findIndex((line) => line.key === key);
  }

  /** Has everything spoken that is not. */
  speakAll(maxTokens: number): Promise<void> {
    this.removeForGood();
    return this.start('', async (scriptId, key) =>
      (await data(api.POST('/api/scripts/{scriptId}/generate-audio', { params: { path: { scriptId }, header: { 'Idempotency-Key': key } }, body: { maxTokens } }))).job);
  }

  speakLine(line: Line, take: number | null, maxTokens: number): Promise<void> {
    return this.start(line.key, async (scriptId, key) => {
      const path = { scriptId, number: this.numberOf(line.key) };
      return (await data(api.POST('/api/scripts/{scriptId}/lines/{number}/speak', { params: { path, header: { 'Idempotency-Key': key } }, body: { take, maxTokens } }))).job;
    });
  }

  private async start(alone: string, ask: (id: string, key: string) => Promise<Schemas['VideoJobView']>): Promise<void> {
    if (this.isStarting.value || this.isLocked.value) return;
    this.isStarting.value = true;
    this.problem.value = null;
    this.jobError.value = null;
    try {
      if (await this.save()) {
        const { id, revision, title, audioCount } = this.script.value;
        const purpose = `script ${id}`;
        const job = await ask(id, keyFor(purpose, [alone, revision, audioCount, this.lines.value.map(({ saved }) => saved?.take)]));
        answered(purpose);
        this.alone.value = alone;
        follow('script', job.jobId, { job, title, page: `/scripts/${id}` });
        this.script.value = { ...this.script.value, activeJobId: job.jobId };
        void refresh();
      }
    } catch (error) {
      this.problem.value = error;
      if (error instanceof ApiError && error.code === 'script_busy') await this.reread();
    }
    this.isStarting.value = false;
  }

  /** Another cast, saved at once. */
  async recast(selectedCharacters: string[]): Promise<void> {
    if (!(await this.save())) return;
    const { id, revision } = this.script.value;
    const { script } = await data(
      api.PUT('/api/scripts/{scriptId}', { params: { path: { scriptId: id }, header: { 'If-Match': String(revision) } }, body: { selectedCharacters } }),
    );
    this.script.value = script;
  }
}
