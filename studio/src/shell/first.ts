import { signal } from '@preact/signals';

/** The browser puts the focus of the first page where it belongs. */
export const isFirstPage = signal(true);
