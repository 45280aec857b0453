import { api } from '../../api/client.ts';
import { remove } from '../../ui/removal.ts';
import { text } from './messages.ts';

const MOST = 50; // of one request

/** All of them, with one message and one way back. */
export function removeRecordings(ids: readonly string[]): void {
  const t = text();
  const forGood = async () => {
    for (let from = 0; from < ids.length; from += MOST) {
      await api.POST('/api/voice/generations/delete', { body: { ids: ids.slice(from, from + MOST) } });
    }
  };
  remove(ids, { removed: t.removedMany(ids.length), notRemoved: t.notRemoved }, forGood);
}

export function removeRecording({ id, title }: { id: string; title: string }, undone?: () => void): void {
  const t = text();
  remove(id, { removed: t.removed(title), notRemoved: t.notRemoved }, () => api.DELETE('/api/voice/generations/{generationId}', { params: { path: { generationId: id } } }), undone);
}
