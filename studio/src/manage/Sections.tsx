// The frame of pages that belong together: what leads from one to another, and the title.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { path } from '../router.ts';
import { Page } from '../ui/Page.tsx';
import './manage.css';

export interface PageParts {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

interface Props extends PageParts {
  /** What they are all about. */
  label: string;
  /** The first one is the start: only its own address is in it. */
  sections: [path: string, name: string][];
}

export function Sections({ label, sections, children, ...page }: Props) {
  const nav = useRef<HTMLElement>(null);
  const count = sections.length;
  useEffect(() => nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }), [count]);
  const isHere = (place: string) => path.value === place || (place !== sections[0]![0] && path.value.startsWith(`${place}/`));
  return (
    <div class="manage">
      <nav ref={nav} class="manage-nav" aria-label={label}>
        <ul>
          {sections.map(([place, name]) => (
            <li key={place}><a href={place} aria-current={isHere(place) ? 'page' : undefined}>{name}</a></li>
          ))}
        </ul>
      </nav>
      <Page {...page} wide>{children}</Page>
    </div>
  );
}
