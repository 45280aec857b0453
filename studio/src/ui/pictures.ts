/** The address of the small copy of a character's picture. Older pictures come as they are. */
export const small = (url: string, side: 96 | 320): string => `${url}${url.includes('?') ? '&' : '?'}w=${side}`;
