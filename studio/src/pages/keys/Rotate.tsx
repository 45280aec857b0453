// A new secret for a key. The old one works for a while, so that programs can change over.
import { useState } from 'preact/hooks';
import { api, data, type Schemas } from '../../api/client.ts';
import { FormDialog } from '../../manage/FormDialog.tsx';
import { SelectField } from '../../ui/Field.tsx';
import type { Key } from './Keys.tsx';
import { text } from './messages.ts';

const HOURS = [0, 1, 24, 72];

export function Rotate({ of: key, onMade, onClose }: { of: Key; onMade: (answer: Schemas['KeySecret']) => void; onClose: () => void }) {
  const t = text();
  const [hours, setHours] = useState('24');
  const save = () => data(api.POST('/api/keys/{keyId}/rotate', { params: { path: { keyId: key.id } }, body: { graceHours: Number(hours) } }));
  return (
    <FormDialog title={t.rotateOf(key.name)} action={t.rotate} save={save} onSaved={onMade} onClose={onClose}>
      {() => <SelectField label={t.grace} hint={t.graceWhy} value={hours} choices={HOURS.map((each) => ({ value: String(each), label: each ? t.hours(each) : t.atOnce }))} onValue={setHours} />}
    </FormDialog>
  );
}
