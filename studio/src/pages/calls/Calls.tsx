import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, page, type Schemas } from '../../api/client.ts';
import { clock, date } from '../../i18n/index.ts';
import { useResource } from '../../state/resource.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { More } from '../../ui/More.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty, Loading } from '../../ui/States.tsx';
import { Bulk } from './Bulk.tsx';
import { text as callText } from './call-messages.ts';
import { companies } from './companies.ts';
import { text } from './messages.ts';
import './calls.css';

type Call = Schemas['CallView'];
interface Listed {
  calls: Call[];
  next: string | undefined;
}

async function load(companyId: string, search: string, cursor?: string): Promise<Listed> {
  const query = { companyId, limit: 25, ...(search && { search }), ...(cursor && { cursor }) };
  const { data, meta } = await page(api.GET('/api/videocalls', { params: { query } }));
  return { calls: data.calls, next: meta.nextCursor };
}

export default function Calls() {
  const t = text();
  const mine = useResource(companies);
  const known = mine.loaded.value;
  const hasCompany = known.state === 'ready' && known.value.length > 0;
  const company = useSignal('');
  return (
    <Page title={t.title} lead={t.lead} actions={hasCompany && <LinkButton href="/calls/new" look="primary" icon="add">{t.make}</LinkButton>}>
      <Loading of={mine}>
        {(found) =>
          found.length === 0 ? (
            <Empty title={t.noCompany}>{t.noCompanyWhy}</Empty>
          ) : (
            <>
              {found.length > 1 && (
                <div class="calls-company">
                  <SelectField label={t.company} value={company.value || found[0]!.id} choices={found.map((each) => ({ value: each.id, label: each.name }))} onValue={(value) => { company.value = value; }} />
                </div>
              )}
              <OfCompany key={company.value} companyId={company.value || found[0]!.id} />
            </>
          )
        }
      </Loading>
    </Page>
  );
}

function OfCompany({ companyId }: { companyId: string }) {
  const t = text();
  const typed = useSignal('');
  const search = useSignal('');
  /** Ids of those that are chosen for something; null while nothing is chosen. */
  const chosen = useSignal<ReadonlySet<string> | null>(null);
  const listed = useResource(() => load(companyId, search.value), [search.value]);
  const words = callText();
  // Not with every letter.
  useEffect(() => {
    const timer = setTimeout(() => { search.value = typed.value.trim(); }, 300);
    return () => clearTimeout(timer);
  }, [typed.value]);
  return (
    <>
      <div class="calls-search">
        <TextField label={t.search} type="search" value={typed.value} hint={t.searchHint} dir="auto" onValue={(value) => { typed.value = value; }} />
      </div>
      <Loading of={listed} lines={6}>
        {({ calls, next }) =>
          calls.length === 0 ? (
            search.value ? <Empty title={t.nothingFound}>{t.nothingFoundWhy}</Empty> : <Empty title={t.empty}>{t.emptyWhy}</Empty>
          ) : (
            <>
              <div class="calls-bulk">
                <Button small onClick={() => { chosen.value = chosen.value ? null : new Set(); }}>{chosen.value ? words.selectNone : words.select}</Button>
                {chosen.value && (
                  <Bulk
                    companyId={companyId}
                    calls={calls.filter(({ id }) => chosen.value!.has(id))}
                    onDone={() => {
                      chosen.value = null;
                      listed.reload();
                    }}
                  />
                )}
              </div>
              <ol class="rows">{calls.map((call) => <Row key={call.id} call={call} chosen={chosen} />)}</ol>
              {next && <More load={() => load(companyId, search.value, next)} onMore={(more) => listed.change((value) => ({ calls: [...value.calls, ...more.calls], next: more.next }))} />}
            </>
          )
        }
      </Loading>
    </>
  );
}

function Row({ call, chosen }: { call: Call; chosen: Signal<ReadonlySet<string> | null> }) {
  const t = text();
  const ids = chosen.value;
  const choose = (isChosen: boolean) => {
    chosen.value = new Set([...ids!].filter((id) => id !== call.id).concat(isChosen ? call.id : []));
  };
  const at = call.startedAt ?? call.scheduledAt ?? call.createdAt;
  const { solved } = call.outcome;
  return (
    <li class={`row calls-row${ids ? ' calls-row-chosen' : ''}`}>
      {ids && (
        <label class="calls-choose">
          <input type="checkbox" checked={ids.has(call.id)} aria-label={callText().selectCall(call.title)} onChange={(event) => choose(event.currentTarget.checked)} />
        </label>
      )}
      <div class="row-main">
        <a href={`/calls/${call.id}`} class="row-title" dir="auto">{call.title}</a>
        <p class="row-about">
          <span class="tag" data-status={call.status === 'active' ? 'in_progress' : call.status}>{t[call.status]}</span>
          {solved !== null && <span>{solved ? t.solved : t.unsolved}</span>}
          <span>{t.by(call.host.name)}</span>
          {call.seconds > 0 && <span dir="ltr">{clock(call.seconds)}</span>}
          <time dateTime={at}>{date(at, 'long')}</time>
        </p>
      </div>
    </li>
  );
}
