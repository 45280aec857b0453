const PATIENCE = 5000;

/** How many seconds a file plays, as the browser finds; null if it does not know. */
export function lengthOf(file: Blob): Promise<number | null> {
  const url = URL.createObjectURL(file);
  const element = document.createElement('video');
  let timer: ReturnType<typeof setTimeout>;
  return new Promise<number | null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE);
    element.preload = 'metadata';
    element.onloadedmetadata = () => resolve(Number.isFinite(element.duration) ? element.duration : null);
    element.onerror = () => resolve(null);
    element.src = url;
  }).finally(() => {
    clearTimeout(timer);
    element.removeAttribute('src');
    URL.revokeObjectURL(url);
  });
}
