import { useState } from 'preact/hooks';
import { api, data, page, type Schemas } from '../../../api/client.ts';
import { wordsFor } from '../../../api/errors.ts';
import { ago, date } from '../../../i18n/index.ts';
import { SelectField } from '../../../ui/Field.tsx';
import { Empty } from '../../../ui/States.tsx';
import { toast } from '../../../ui/toasts.tsx';
import { AdminPage } from '../AdminPage.tsx';
import { listed, oneOf, query, Rows, useList } from '../../../manage/lists.tsx';
import { common } from '../messages.ts';
import { text } from './messages.ts';

type Contact = Schemas['ContactView'];
const STATUSES = ['new', 'in_progress', 'resolved'] as const;

export default function Contacts() {
  const t = text();
  const [chosen, setStatus] = query('status');
  const status = oneOf(chosen, STATUSES);
  const [busy, setBusy] = useState('');
  const contacts = useList<Contact>(async (cursor) => {
    const { data: found, meta } = await page(api.GET('/api/admin/contacts', { params: { query: { limit: 25, ...(status && { status }), ...cursor } } }));
    return listed(found.contacts, meta);
  }, [status]);
  const choices = STATUSES.map((value) => ({ value, label: t[value] }));
  const set = (contact: Contact, value: string) => {
    const next = oneOf(value, STATUSES);
    if (!next || busy) return;
    setBusy(contact.id);
    data(api.PUT('/api/admin/contacts/{contactId}', { params: { path: { contactId: contact.id } }, body: { status: next } }))
      .then((answer) => contacts.replace(answer.contact, ({ id }) => id === contact.id))
      .catch((error: unknown) => {
        toast(wordsFor(error));
        contacts.reload();
      })
      .finally(() => setBusy(''));
  };
  return (
    <AdminPage title={t.contacts} lead={t.contactsLead}>
      <div class="filters">
        <SelectField label={t.status} value={status ?? ''} choices={[{ value: '', label: common().all }, ...choices]} onValue={setStatus} />
      </div>
      <Rows of={contacts} empty={<Empty title={t.noContacts}>{t.noContactsWhy}</Empty>}>
        {(contact) => (
          <li key={contact.id} class="row">
            <div class="row-main">
              <h2 class="row-name" dir="auto">{contact.subject}</h2>
              <p class="row-said" dir="auto">{contact.message}</p>
              <p class="row-about">
                <span dir="auto">{contact.name}</span>
                <a href={`mailto:${contact.email}?subject=${encodeURIComponent(`Re: ${contact.subject}`)}`} dir="ltr">{contact.email}</a>
                <time dateTime={contact.createdAt} title={date(contact.createdAt, 'long')}>{ago(contact.createdAt)}</time>
              </p>
            </div>
            <div class="row-buttons">
              <label>
                <span class="visually-hidden">{t.statusOf(contact.subject)}</span>
                <select class="input" disabled={busy === contact.id} onChange={(event) => set(contact, event.currentTarget.value)}>
                  {choices.map(({ value, label }) => <option key={value} value={value} selected={value === contact.status}>{label}</option>)}
                </select>
              </label>
            </div>
          </li>
        )}
      </Rows>
    </AdminPage>
  );
}
