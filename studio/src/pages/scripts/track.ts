import { api, data, type Schemas } from '../../api/client.ts';
import { languageName } from '../../i18n/index.ts';
import type { Track } from '../../player/player.ts';

async function cuesOf(scriptId: string): Promise<Schemas['Cue'][]> {
  const { data: captions } = await api.GET('/api/scripts/{scriptId}/captions', { params: { path: { scriptId }, query: { format: 'json' } } });
  return (captions as Schemas['Captions']).cues;
}

/** What the player plays of a script: null until all of it has been spoken. */
export function trackOf(script: Schemas['ScriptView']): Track | null {
  const { id, title, language, audioUrl, revision } = script;
  if (!audioUrl) return null;
  const about = language && languageName(language);
  // Every revision sounds otherwise.
  return { id: `${id} ${revision} ${script.audioJobId}`, title, about, source: audioUrl, language, cues: () => cuesOf(id), peaks: async () => (await import('../../player/peaks.ts')).shapeOf(await data(api.GET('/api/scripts/{scriptId}/waveform', { params: { path: { scriptId: id } } }))), page: `/scripts/${id}` };
}
