// Below the form, once the server has said that Google signs people in here.
import { api, data } from '../api/client.ts';
import { messages } from '../i18n/index.ts';
import { useResource } from '../state/resource.ts';
import { Button } from '../ui/Button.tsx';
import { target } from './target.ts';

const text = messages({ google: 'Continue with Google' }, { google: 'تابع بحساب Google' });

// The code that opens the window is there before the click: browsers open none later.
const load = async () => {
  const { features } = await data(api.GET('/api/config'));
  return features.googleClientId ? { clientId: features.googleClientId, ...(await import('./google.ts')) } : null;
};

export function GoogleButton({ onDone, onFailure }: { onDone: () => void; onFailure: (error: unknown) => void }) {
  const found = useResource(load).loaded.value;
  if (found.state !== 'ready' || !found.value) return null;
  const { clientId, signInWithGoogle } = found.value;
  // It stays usable: nothing says that the window was closed.
  const begin = () => {
    signInWithGoogle(clientId, target()).then(onDone, (error: unknown) => {
      if ((error as { name?: string }).name !== 'AbortError') onFailure(error);
    });
  };
  return <Button onClick={begin}>{text().google}</Button>;
}
