import { useRef, useState } from 'preact/hooks';
import { api, data } from '../../api/client.ts';
import { asForm } from '../../api/form.ts';
import { me, type Me } from '../../session/session.ts';
import { useConfig } from '../../state/config.ts';
import { Button } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Problem } from '../../ui/States.tsx';
import { text } from './messages.ts';

const MEGABYTE = 1024 * 1024;

export function Avatar({ user }: { user: Me }) {
  const t = text();
  const most = useConfig()?.limits.avatarBytes;
  const input = useRef<HTMLInputElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  const [error, setError] = useState<unknown>(null);
  const run = (sent: Promise<{ user: Me }>) => {
    setBusy(true);
    setError(null);
    sent.then(({ user: changed }) => (me.value = changed), setError).finally(() => setBusy(false));
  };
  const choose = (file: File | undefined) => {
    if (!file) return;
    const found = !file.type.startsWith('image/') ? t.notPicture : most && file.size > most ? t.pictureTooLarge(most / MEGABYTE) : '';
    setWrong(found);
    if (!found) run(data(api.POST('/api/auth/avatar', { body: { avatar: file }, bodySerializer: asForm })));
  };
  const letter = [...(user.name || user.username || user.email)][0];
  return (
    <div class="avatar">
      {user.profilePicture ? <img src={user.profilePicture} alt={t.picture} width="80" height="80" /> : <span class="avatar-letter" aria-hidden="true">{letter?.toUpperCase() ?? <Icon name="account" />}</span>}
      <div class="stack">
        <input ref={input} hidden type="file" accept="image/*" onChange={(event) => { choose(event.currentTarget.files?.[0]); event.currentTarget.value = ''; }} />
        <div class="buttons">
          <Button small isBusy={isBusy} icon="upload" onClick={() => input.current?.click()}>{t.changePicture}</Button>
          {user.profilePicture && <Button small look="quiet" onClick={() => run(data(api.PUT('/api/auth/profile', { body: { profilePicture: '' } })))}>{t.removePicture}</Button>}
        </div>
        <p class={wrong ? 'field-error' : 'field-hint'} role={wrong ? 'alert' : undefined}>{wrong || (most ? t.pictureHint(most / MEGABYTE) : '')}</p>
        <Problem error={error} />
      </div>
    </div>
  );
}
