export interface Listed<T> {
  items: T[];
  next: string | undefined;
}

export const added = <T>(more: Listed<T>) => (before: Listed<T>): Listed<T> => ({ items: [...before.items, ...more.items], next: more.next });
