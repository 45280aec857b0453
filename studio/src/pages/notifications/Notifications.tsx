import { useState } from 'preact/hooks';
import { api, page, type Schemas } from '../../api/client.ts';
import { ago, date } from '../../i18n/index.ts';
import { countUnread, unread } from '../../session/unread.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { More } from '../../ui/More.tsx';
import { Page } from '../../ui/Page.tsx';
import { isThere, remove } from '../../ui/removal.ts';
import { Empty, Loading, Problem } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { text } from './messages.ts';
import { pageOf } from './places.ts';
import './notifications.css';

type Item = Schemas['NotificationView'];
interface Listed {
  items: Item[];
  next: string | undefined;
}

async function load(cursor?: string): Promise<Listed> {
  const { data: list, meta } = await page(api.GET('/api/notifications', { params: { query: { limit: 25, ...(cursor && { cursor }) } } }));
  return { items: list.notifications, next: meta.nextCursor };
}

export default function Notifications() {
  const t = text();
  const listed = useResource(() => load());
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { value } = listed.loaded;
  const items = value.state === 'ready' ? value.value.items.filter(isThere) : [];
  const hasNew = unread.value > 0 || items.some((each) => !each.readAt);

  const readAll = () => {
    const newest = items[0];
    if (!newest) return;
    setBusy(true);
    setError(null);
    // What has come since is not on this page.
    const body = { before: new Date(Date.parse(newest.createdAt) + 1).toISOString() };
    api.PUT('/api/notifications/read-all', { body }).then(listed.reload, setError).finally(() => {
      setBusy(false);
      void countUnread();
    });
  };
  const read = (item: Item) => {
    if (item.readAt) return;
    const set = (readAt: string | null) =>
      listed.change((before) => ({ ...before, items: before.items.map((each) => (each.id === item.id ? { ...each, readAt } : each)) }));
    set(new Date().toISOString());
    api.PUT('/api/notifications/{notificationId}/read', { params: { path: { notificationId: item.id } } }).then(countUnread, () => {
      set(null);
      toast(t.notRead);
    });
  };
  const removeItem = (item: Item) => {
    remove(item.id, t, () => api.DELETE('/api/notifications/{notificationId}', { params: { path: { notificationId: item.id } } }).then(countUnread));
  };
  return (
    <Page title={t.title} lead={t.lead} actions={hasNew && items.length > 0 && <Button isBusy={isBusy} onClick={readAll}>{t.all}</Button>}>
      <Problem error={error} />
      <Loading of={listed} lines={6}>
        {({ items, next }) =>
          !next && !items.some(isThere) ? (
            <Empty title={t.emptyTitle}>{t.empty}</Empty>
          ) : (
            <>
              <ol class="rows">{items.filter(isThere).map((item) => <Row key={item.id} item={item} onRead={() => read(item)} onRemove={() => removeItem(item)} />)}</ol>
              {next && <More load={() => load(next)} onMore={(more) => listed.change((before) => ({ items: [...before.items, ...more.items], next: more.next }))} />}
            </>
          )
        }
      </Loading>
    </Page>
  );
}

function Row({ item, onRead, onRemove }: { item: Item; onRead: () => void; onRemove: () => void }) {
  const t = text();
  const place = pageOf(item.link);
  return (
    <li class="news" data-unread={!item.readAt || undefined}>
      <div class="row-main">
        <p class="news-title">{place ? <a href={place} onClick={onRead}><bdi>{item.title}</bdi></a> : <bdi>{item.title}</bdi>}</p>
        <p class="news-body"><bdi>{item.body}</bdi></p>
        <p class="row-about">
          {!item.readAt && <span class="tag">{t.unread}</span>}
          <time dateTime={item.createdAt} title={date(item.createdAt, 'long')}>{ago(item.createdAt)}</time>
        </p>
      </div>
      <div class="news-ways">
        {!item.readAt && <IconButton icon="check" label={t.read(item.title)} onClick={onRead} />}
        <IconButton icon="delete" label={t.remove(item.title)} onClick={onRemove} />
      </div>
    </li>
  );
}
