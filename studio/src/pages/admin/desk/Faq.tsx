import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../../api/client.ts';
import { draft } from '../../../state/drafts.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { Field, SelectField, TextField } from '../../../ui/Field.tsx';
import { Empty } from '../../../ui/States.tsx';
import { toast, undoable } from '../../../ui/toasts.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { FormDialog } from '../../../manage/FormDialog.tsx';
import { listed, oneOf, query, Rows, useList } from '../../../manage/lists.tsx';
import { common } from '../messages.ts';
import { text } from './messages.ts';

type Entry = Schemas['FaqView'];
const CATEGORIES = ['General', 'Account', 'Billing', 'Features', 'Technical'] as const;

export default function Faq() {
  const t = text();
  const [chosen, setCategory] = query('category');
  const category = oneOf(chosen, CATEGORIES);
  const [edited, setEdited] = useState<Entry | 'new' | null>(null);
  const entries = useList<Entry>(async (cursor) => {
    const { data: found, meta } = await page(api.GET('/api/admin/faq', { params: { query: { limit: 50, ...(category && { category }), ...cursor } } }));
    return listed(found.faqs, meta);
  }, [category]);
  const remove = (entry: Entry) => {
    entries.change((value) => ({ ...value, items: value.items.filter(({ id }) => id !== entry.id) }));
    undoable(
      common().removed(entry.question),
      () => {
        api.DELETE('/api/admin/faq/{faqId}', { params: { path: { faqId: entry.id } } }).catch(() => {
          toast(common().notRemoved);
          entries.reload();
        });
      },
      entries.reload,
    );
  };
  return (
    <AdminPage title={t.faq} lead={t.faqLead} actions={<Button look="primary" icon="add" onClick={() => setEdited('new')}>{t.newFaq}</Button>}>
      <div class="filters">
        <SelectField label={t.category} value={category ?? ''} choices={[{ value: '', label: common().all }, ...CATEGORIES.map((value) => ({ value, label: t[value] }))]} onValue={setCategory} />
      </div>
      <Rows of={entries} empty={<Empty title={t.noFaq}>{t.noFaqWhy}</Empty>}>
        {(entry) => (
          <li key={entry.id} class="row">
            <div class="row-main">
              <h2 class="row-name" dir="auto">{entry.question}</h2>
              <p class="row-said" dir="auto">{entry.answer}</p>
              <p class="row-about"><span>{t[entry.category]}</span></p>
            </div>
            <div class="row-buttons">
              <IconButton icon="edit" label={common().edit(entry.question)} onClick={() => setEdited(entry)} />
              <IconButton icon="delete" label={common().remove(entry.question)} onClick={() => remove(entry)} />
            </div>
          </li>
        )}
      </Rows>
      {edited && (
        <EntryForm
          entry={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
          onSaved={() => {
            setEdited(null);
            toast(common().saved);
            entries.reload();
          }}
        />
      )}
    </AdminPage>
  );
}

function EntryForm({ entry, onSaved, onClose }: { entry: Entry | null; onSaved: () => void; onClose: () => void }) {
  const t = text();
  const initial = { question: entry?.question ?? '', answer: entry?.answer ?? '', category: entry?.category ?? ('General' as Schemas['FaqCategory']) };
  const typed = draft<Partial<typeof initial>>(`admin-faq-${entry?.id ?? 'new'}`, {});
  const set = (change: Partial<typeof initial>) => (typed.value = { ...typed.value, ...change });
  const body = { ...initial, ...typed.value };
  const save = () => (entry ? data(api.PUT('/api/admin/faq/{faqId}', { params: { path: { faqId: entry.id } }, body })) : data(api.POST('/api/admin/faq', { body })));
  const cancel = () => {
    typed.value = {};
    onClose();
  };
  return (
    <FormDialog title={entry ? t.question : t.newFaq} save={save} onClose={onClose} onCancel={cancel} onSaved={() => { typed.value = {}; onSaved(); }}>
      {(wrong) => (
        <>
          <SelectField label={t.category} value={body.category} choices={CATEGORIES.map((value) => ({ value, label: t[value] }))} onValue={(value) => set({ category: oneOf(value, CATEGORIES) ?? 'General' })} />
          <TextField label={t.question} dir="auto" maxLength={500} value={body.question} onValue={(question) => set({ question })} error={wrong.question} />
          <Field label={t.answerText} error={wrong.answer}>
            {(tied) => <textarea {...tied} class="input" dir="auto" maxLength={10000} value={body.answer} onInput={(event) => set({ answer: event.currentTarget.value })} />}
          </Field>
        </>
      )}
    </FormDialog>
  );
}
