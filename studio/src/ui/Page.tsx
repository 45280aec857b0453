// The frame of every page: its title in the tab, one h1, which gets the focus after a change of page.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { isFirstPage } from '../shell/first.ts';

interface Props {
  title: string;
  /** Under the title: one sentence. */
  lead?: ComponentChildren;
  /** Beside the title: buttons. */
  actions?: ComponentChildren;
  children: ComponentChildren;
  wide?: boolean;
  /** Only screen readers get the title; the page shows it otherwise. */
  hidesTitle?: boolean;
}

export function Page({ title, lead, actions, children, wide, hidesTitle }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Troupe`;
  }, [title]);
  useEffect(() => {
    if (!isFirstPage.value) heading.current?.focus({ preventScroll: true });
    isFirstPage.value = false;
  }, []);
  return (
    <div class={`page${wide ? ' page-wide' : ''}`}>
      <header class={hidesTitle ? 'visually-hidden' : 'page-head'}>
        <div>
          <h1 ref={heading} tabIndex={-1} dir="auto">{title}</h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
