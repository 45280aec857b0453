// Where the player is. Its chunk is loaded when there is something to play.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { track } from './player.ts';

export function Dock() {
  const loaded = useSignal<typeof import('./Player.tsx').Player | null>(null);
  const wanted = track.value;
  useEffect(() => {
    // Without a connection the sound goes on, and the next track asks again.
    if (wanted && !loaded.value) import('./Player.tsx').then((module) => (loaded.value = module.Player), () => {});
  }, [wanted]);
  const Player = loaded.value;
  return Player && <Player />;
}
