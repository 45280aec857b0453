// Firestore, a large chunk that is loaded once a job runs: it says how far a job is.
import { getFirestore, connectFirestoreEmulator, doc, onSnapshot, type Firestore } from '@firebase/firestore';
import { emulators, firebase } from '../session/firebase.ts';
import { seenIn, withSeen, type Job } from './seen.ts';

/** The job as the API would answer it now. */
export type Update = (job: Job) => Job;

/** For the client of rooms. */
export { collection, doc, limit, onSnapshot, orderBy, query } from '@firebase/firestore';

let database: Promise<Firestore> | null = null;

export function firestore(): Promise<Firestore> {
  database ??= firebase().then(({ app }) => {
    const made = getFirestore(app);
    const [host, port] = (emulators().firestore ?? '').split(':');
    if (host) connectFirestoreEmulator(made, host, Number(port));
    return made;
  });
  return database;
}

/** Calls `changed` at every change of jobs/{id}, with null if the API has to be asked. `failed`: there is nothing more to come. */
export async function watchJob(id: string, changed: (update: Update | null) => void, failed: () => void): Promise<() => void> {
  return onSnapshot(
    doc(await firestore(), 'jobs', id),
    // The first one may come from an empty cache.
    (snapshot) => {
      if (snapshot.metadata.fromCache) return;
      const seen = seenIn(snapshot.data());
      changed(seen && ((job) => withSeen(job, seen)));
    },
    failed,
  );
}
