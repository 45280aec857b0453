// What was heard in a recording, which may be gone by now.
import { ApiError } from '../../api/errors.ts';
import { clock, date, languageName } from '../../i18n/index.ts';
import { go, type PageProps } from '../../router.ts';
import { useResource } from '../../state/resource.ts';
import { LinkButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Failure, Skeleton } from '../../ui/States.tsx';
import { fileOf, transcribed, type Item } from './files.ts';
import { text } from './messages.ts';
import { Said } from './Said.tsx';
import '../../styles/recording.css';
import './files.css';

const unlessGone = (error: unknown): null => {
  if (error instanceof ApiError && error.status === 404) return null;
  throw error;
};

export default function Text({ params }: PageProps) {
  const id = params.id!;
  const t = text();
  const read = useResource(async () => {
    const { transcription, language } = await transcribed(id);
    const file: Item | null = transcription.fileId === null ? null : await fileOf(transcription.fileId).catch(unlessGone);
    return { transcription, language, file };
  }, [id]);
  const { value } = read.loaded;
  if (value.state === 'loading') return <Page title={t.textTitle} hidesTitle><Skeleton lines={6} /></Page>;
  if (value.state === 'failed') return <Page title={t.textTitle}><Failure error={value.error} onRetry={read.reload} /></Page>;
  const { transcription, language, file } = value.value;
  const facts: [string, string][] = [
    ...(language ? [[t.language, languageName(language)] as [string, string]] : []),
    [t.length, clock(transcription.seconds)],
    [t.made, date(transcription.createdAt, 'long')],
    [t.keptUntil, date(transcription.expiresAt, 'long')],
  ];
  return (
    <Page title={transcription.name}>
      <div class="recording">
        <div class="recording-main">
          <Said id={id} file={file} onRemove={() => go('/files')} onBack={() => go(`/files/texts/${id}`)} />
        </div>
        <aside class="recording-side">
          <dl class="facts">{facts.map(([name, fact]) => <div key={name}><dt>{name}</dt><dd>{fact}</dd></div>)}</dl>
          {file && <LinkButton small icon="files" href={`/files/${file.id}`}>{t.toFile}</LinkButton>}
        </aside>
      </div>
    </Page>
  );
}
