// What can be followed. A page that starts jobs of another kind adds how to read one, and where its
// result is shown.
import { api, data, type Schemas } from '../api/client.ts';
import { messages } from '../i18n/index.ts';

export interface Progress {
  job: Schemas['JobView'];
  title: string;
  /** Where its result is shown, if that is not what `open` says. */
  page?: string;
}

interface Kind {
  read: (id: string) => Promise<Progress>;
  cancel?: (id: string) => Promise<unknown>;
  /** The page with the result. */
  open: (id: string) => string;
}

const text = messages({ archive: 'Archive of your data' }, { archive: 'أرشيف بياناتك' });

const titles = new Map<string, Promise<string>>();

/** Asked for once: a job is read many times. */
function titleOf(scriptId: string): Promise<string> {
  let title = titles.get(scriptId);
  if (!title) {
    title = data(api.GET('/api/scripts/{scriptId}', { params: { path: { scriptId } } })).then(({ script }) => script.title);
    title.catch(() => titles.delete(scriptId));
    titles.set(scriptId, title);
  }
  return title;
}

export const kinds = {
  voice: {
    read: async (generationId) => {
      const { generation, job } = await data(
        api.GET('/api/voice/generations/{generationId}', { params: { path: { generationId } } }),
      );
      return { job, title: generation.title };
    },
    cancel: (generationId) =>
      api.POST('/api/voice/generations/{generationId}/cancel', { params: { path: { generationId } } }),
    open: (id) => `/history/${id}`,
  },
  script: {
    read: async (jobId) => {
      const { job } = await data(api.GET('/api/video-jobs/{jobId}', { params: { path: { jobId } } }));
      const page = `/scripts/${job.scriptId}`;
      return { job, title: await titleOf(job.scriptId), page: job.kind === 'video' ? `${page}/film` : page };
    },
    cancel: (jobId) => api.POST('/api/video-jobs/{jobId}/cancel', { params: { path: { jobId } } }),
    open: () => '/scripts',
  },
  transcription: {
    read: async (transcriptionId) => {
      const { transcription, job } = await data(api.GET('/api/audio/transcriptions/{transcriptionId}', { params: { path: { transcriptionId } } }));
      return { job, title: transcription.name };
    },
    open: (id) => `/files/texts/${id}`,
  },
  dubbing: {
    read: async (dubbingId) => {
      const { dubbing, job } = await data(api.GET('/api/dubbing/{dubbingId}', { params: { path: { dubbingId } } }));
      return { job, title: dubbing.name };
    },
    open: (id) => `/dubbing/${id}`,
  },
  export: {
    read: async (exportId) => {
      const { job } = await data(api.GET('/api/auth/export/{exportId}', { params: { path: { exportId } } }));
      return { job, title: text().archive };
    },
    open: () => '/account',
  },
} satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;

export const kindOf = (name: KindName): Kind => kinds[name];

export const hasEnded = (job: Schemas['JobView']): boolean =>
  job.status === 'completed' || job.status === 'failed' || job.status === 'cancelled';
