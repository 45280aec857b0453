import { api } from '../../api/client.ts';
import { remove } from '../../ui/removal.ts';
import { text } from './messages.ts';

export function removeScript({ id, title }: { id: string; title: string }, undone?: () => void): void {
  const t = text();
  remove(id, { removed: t.removed(title), notRemoved: t.notRemoved }, () => api.DELETE('/api/scripts/{scriptId}', { params: { path: { scriptId: id } } }), undone);
}
