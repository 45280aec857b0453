/** Puts the focus on the first field of the form that is wrong, once it is marked. */
export function focusWrong(form: HTMLFormElement): void {
  requestAnimationFrame(() => {
    const found = form.querySelector<HTMLElement>('[aria-invalid], [role="alert"]');
    found?.scrollIntoView({ block: 'center' });
    found?.focus();
  });
}
