// What can be followed. A page that starts jobs of another kind adds how to read one, and where its
// result is shown.
import { api, data, type Schemas } from '../api/client.ts';
import { messages } from '../i18n/index.ts';

export interface Progress {
  job: Schemas['JobView'];
  title: string;
}

interface Kind {
  read: (id: string) => Promise<Progress>;
  cancel?: (id: string) => Promise<unknown>;
  /** The page with the result. */
  open: (id: string) => string;
}

const text = messages({ archive: 'Archive of your data' }, { archive: 'أرشيف بياناتك' });

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
