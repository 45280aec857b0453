import { useEffect } from 'preact/hooks';
import { signal } from '@preact/signals';
import { isReachable } from '../api/client.ts';
import { retry } from '../session/session.ts';
import { text } from './messages.ts';

const isOnline = signal(navigator.onLine);

export function OfflineBar() {
  useEffect(() => {
    const look = () => {
      isOnline.value = navigator.onLine;
      if (!navigator.onLine) return;
      isReachable.value = true;
      retry();
    };
    addEventListener('online', look);
    addEventListener('offline', look);
    return () => {
      removeEventListener('online', look);
      removeEventListener('offline', look);
    };
  }, []);
  const isOffline = !isOnline.value || !isReachable.value;
  return <div role="status">{isOffline && <p class="offline">{text().offline}</p>}</div>;
}
