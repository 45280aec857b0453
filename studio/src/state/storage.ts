// localStorage, which can be full, forbidden, or hold what an older version has written.
const PREFIX = 'troupe.';

export function kept<T>(name: string): T | null {
  try {
    const stored = localStorage.getItem(PREFIX + name);
    return stored === null ? null : (JSON.parse(stored) as T);
  } catch {
    return null;
  }
}

export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Kept in memory only.
  }
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // There was nothing.
  }
}

/** Removes what belongs to the person who leaves: drafts, keys, running jobs, and whose they are. */
export function forgetPerson(): void {
  try {
    for (const name of Object.keys(localStorage)) {
      if (/^troupe\.(draft|key|owner|running|wasIn)/.test(name)) localStorage.removeItem(name);
    }
  } catch {
    // There was nothing.
  }
}
