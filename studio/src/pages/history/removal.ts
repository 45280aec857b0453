import { api } from '../../api/client.ts';
import { remove } from '../../ui/removal.ts';
import { text } from './messages.ts';

export function removeRecording({ id, title }: { id: string; title: string }, undone?: () => void): void {
  const t = text();
  remove(id, { removed: t.removed(title), notRemoved: t.notRemoved }, () => api.DELETE('/api/voice/generations/{generationId}', { params: { path: { generationId: id } } }), undone);
}
