import { api, data, type Schemas } from '../../api/client.ts';
import { languageName } from '../../i18n/index.ts';
import type { Track } from '../../player/player.ts';

export async function cuesOf(generationId: string): Promise<Schemas['Cue'][]> {
  const { data: captions } = await api.GET('/api/voice/generations/{generationId}/captions', {
    params: { path: { generationId }, query: { format: 'json' } },
  });
  return (captions as Schemas['Captions']).cues;
}

/** What the player plays of a generation; null before it is completed. */
export function trackOf(generation: { id: string; title: string; language: string; audioUrl: string | null }): Track | null {
  const { id, title, language, audioUrl } = generation;
  if (!audioUrl) return null;
  return { id, title, about: languageName(language), source: audioUrl, language, cues: () => cuesOf(id), peaks: async () => (await import('../../player/peaks.ts')).shapeOf(await data(api.GET('/api/voice/generations/{generationId}/waveform', { params: { path: { generationId: id } } }))), page: `/history/${id}` };
}
