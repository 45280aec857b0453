import { useEffect, useRef, useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { ApiError, wordsFor } from '../../api/errors.ts';
import { clock, date } from '../../i18n/index.ts';
import { download, isPlaying, pause, play, track as current, type Track } from '../../player/player.ts';
import { config } from '../../state/config.ts';
import { useResource } from '../../state/resource.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { More } from '../../ui/More.tsx';
import { Page } from '../../ui/Page.tsx';
import { isThere } from '../../ui/removal.ts';
import { Empty, Loading } from '../../ui/States.tsx';
import { toast } from '../../ui/toasts.tsx';
import { recordingError } from './errors.ts';
import { files, removeFile, size, type Item } from './files.ts';
import { text } from './messages.ts';
import { added } from './rows.ts';
import { Texts } from './Texts.tsx';
import { Unfinished } from './Unfinished.tsx';
import { add, onArrival, retry, stop, uploads, type Upload } from './uploads.ts';
import './files.css';

const DAY = 86_400_000;

export default function Files() {
  const t = text();
  const listed = useResource(() => files());
  const limits = useResource(async () => {
    const [{ limits }, { quotas }] = await Promise.all([config(), data(api.GET('/api/user/profile'))]);
    return { most: limits.fileBytes, days: limits.retentionDays, quotas };
  });
  const kept = limits.loaded.value.state === 'ready' ? limits.loaded.value.value.days : null;
  useEffect(
    () =>
      onArrival((file) => {
        toast(text().uploaded(file.name));
        listed.change((value) => ({ ...value, items: [file, ...value.items.filter((each) => each.id !== file.id)] }));
        limits.reload();
      }),
    [],
  );
  return (
    <Page title={t.title} lead={kept ? t.leadFor(kept) : t.lead}>
      <div class="files">
        <Loading of={limits} lines={2}>
          {({ most, quotas }) => (
            <>
              <Drop most={most} />
              <p class="field-hint">{t.used(quotas.files.used, quotas.files.maximum, size(quotas.fileBytes.used), size(quotas.fileBytes.maximum))}</p>
              {uploads.value.length > 0 && <ul class="rows">{uploads.value.map((each) => <Sending key={each.key} upload={each} most={most} />)}</ul>}
              <Unfinished />
            </>
          )}
        </Loading>
        <Loading of={listed} lines={6}>
          {({ items, next }) =>
            !next && !items.some(isThere) ? (
              <Empty title={t.emptyTitle}>{t.empty}</Empty>
            ) : (
              <div>
                <ol class="rows">{items.filter(isThere).map((item) => <Row key={item.id} item={item} onRemove={() => removeFile(item, limits.reload)} />)}</ol>
                {next && <More load={() => files(next)} onMore={(more) => listed.change(added(more))} />}
              </div>
            )
          }
        </Loading>
        <Texts />
      </div>
    </Page>
  );
}

/** A file input, which is also a place to drop files on. */
function Drop({ most }: { most: number }) {
  const t = text();
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  return (
    <div
      class="drop"
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        add(event.dataTransfer?.files ?? [], most);
      }}
    >
      <input
        ref={input}
        type="file"
        class="visually-hidden"
        aria-label={t.choose}
        tabIndex={-1}
        accept="audio/*,.aiff,.caf,.amr"
        multiple
        onChange={(event) => {
          add(event.currentTarget.files ?? [], most);
          event.currentTarget.value = ''; // the same file can be chosen again
        }}
      />
      <p>{t.chooseHint(size(most))}</p>
      <Button look="primary" icon="upload" onClick={() => input.current?.click()}>{t.upload}</Button>
    </div>
  );
}

function Sending({ upload, most }: { upload: Upload; most: number }) {
  const t = text();
  const { key, file, state, isCutOff, part, error } = upload;
  const percent = Math.floor(part * 100);
  const waits = state === 'sending' && isCutOff;
  const isLarge = error instanceof ApiError && error.code === 'file_too_large';
  return (
    <li class="sending">
      <p class="sending-name"><bdi>{file.name}</bdi></p>
      {state === 'failed' ? (
        <p class="field-error" role="alert">{isLarge ? t.tooLarge(size(most)) : wordsFor(recordingError(error))}</p>
      ) : (
        <>
          <p class="row-about">
            {!waits && <span>{state === 'waiting' ? t.waiting : percent < 100 ? t.percent(percent) : t.checking}</span>}
            <span role="status">{waits && t.cutOff}</span>
          </p>
          <progress class="bar" max={100} value={percent} aria-label={t.uploading(file.name)} />
        </>
      )}
      <div class="sending-ways">
        {state === 'failed' && !isLarge && <Button small onClick={() => retry(key)}>{t.again}</Button>}
        <IconButton icon="close" label={state === 'failed' ? t.dismiss(file.name) : t.stop(file.name)} onClick={() => stop(key)} />
      </div>
    </li>
  );
}

function Row({ item, onRemove }: { item: Item; onRemove: () => void }) {
  const t = text();
  const isSounding = isPlaying.value && current.value?.id === item.id;
  const track: Track = { id: item.id, title: item.name, about: t.title, source: item.url, language: '', page: `/files/${item.id}` };
  const days = Math.floor((new Date(item.expiresAt).getTime() - Date.now()) / DAY);
  return (
    <li class="row" data-current={current.value?.id === item.id || undefined}>
      <button type="button" class="row-play" aria-label={isSounding ? t.pause(item.name) : t.play(item.name)} onClick={() => (isSounding ? pause() : void play(track))}>
        <Icon name={isSounding ? 'pause' : 'play'} />
      </button>
      <div class="row-main">
        <a class="file-name" href={`/files/${item.id}`}><bdi>{item.name}</bdi></a>
        <p class="row-about">
          <span dir="ltr">{clock(item.seconds)}</span>
          <span>{size(item.size)}</span>
          <time dateTime={item.expiresAt} title={date(item.expiresAt, 'long')}>{days > 0 ? t.days(days) : t.today}</time>
        </p>
      </div>
      <div class="file-ways">
        <IconButton icon="download" label={t.download(item.name)} onClick={() => void download(item.url, item.name).catch(() => toast(t.notDownloaded))} />
        <IconButton icon="delete" label={t.remove(item.name)} onClick={onRemove} />
      </div>
    </li>
  );
}
