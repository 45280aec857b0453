// Drawn on a grid of 24 with one stroke. Decoration: the control around it has the name.
const PATHS = {
  speak: 'M5 10v4M9 6.5v11M13 4v16M17 8.5v7M21 11v2M1 11.5v1',
  history: 'M4 12a8 8 0 1 0 2.6-5.9M4 4v4.5h4.5M12 8v4.5l3 1.8',
  characters: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.8-3.6 3.8-5.5 7.5-5.5s6.700 1.900 7.5 5.500',
  scripts: 'M6 3.500h9l4 4V20.500H6ZM9.500 12h6M9.500 16h6M14.500 3.500v4.500H19',
  film: 'M3.500 5h17v14h-17ZM8 5v14M16 5v14M3.500 9.700H8M3.500 14.300H8M16 9.700h4.500M16 14.300h4.500',
  dubbing: 'M3.500 5.500h11v8h-6l-3 3v-3h-2ZM17.500 9h3v8h-2v3l-3-3h-4.500v-1',
  files: 'M3.500 6h6l2 2.500h9V19h-17Z',
  rooms: 'M4 5h16v11H11l-4 3.500V16H4Z',
  calls: 'M3.500 7h11v10h-11ZM14.500 11l6-3.500v9l-6-3.500',
  notifications: 'M6.500 16.500V11a5.500 5.500 0 0 1 11 0v5.500l1.500 1.500H5ZM10 20.500h4',
  wallet: 'M3.500 7.500h17v11h-17ZM3.500 7.500l11-3.500v3.500M16 13h1.500',
  companies: 'M5 20.500V4h9v16.500M14 9.500h5v11M3 20.500h18M8.500 8h2M8.500 12h2M8.500 16h2',
  help: 'M9 9.200a3 3 0 1 1 4.300 2.700c-.9.5-1.300 1-1.300 2.100M12 17.300v.2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  admin: 'M12 3l7.500 3v5.500c0 4.500-3 7.800-7.500 9.500-4.500-1.700-7.500-5-7.500-9.500V6Z',
  account: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.500 20.500c.8-3.6 3.8-5.5 7.5-5.5s6.700 1.900 7.5 5.500',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  play: 'M7.500 4.800v14.400L19 12Z',
  pause: 'M8 5v14M16 5v14',
  close: 'M6 6l12 12M18 6L6 18',
  text: 'M4 6.500h16M4 12h11M4 17.500h13.500',
  download: 'M12 4v11M7.500 11l4.500 4.500L16.500 11M4.500 20h15',
  delete: 'M4.500 7h15M9.500 7V4h5v3M6.500 7l1 13h9l1-13M10.500 11v5.500M13.500 11v5.500',
  add: 'M12 5v14M5 12h14',
  search: 'M10.800 17.500a6.700 6.700 0 1 0 0-13.400 6.700 6.700 0 0 0 0 13.400ZM15.700 15.700l4.800 4.800',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  up: 'M12 19V5M6 11l6-6 6 6',
  down: 'M12 5v14M6 13l6 6 6-6',
  next: 'M9 5l7 7-7 7',
  edit: 'M4.500 19.500l1-4.500L16 4.500l3.500 3.500L9 18.500ZM13.500 7l3.500 3.500',
  upload: 'M12 16V5M7.500 9l4.500-4.500L16.500 9M4.500 20h15',
  microphone: 'M12 14.500a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3ZM6 11.500a6 6 0 0 0 12 0M12 17.500V21',
  star: 'M12 4l2.500 5.200 5.700.8-4.100 4 1 5.700L12 17l-5.100 2.700 1-5.700-4.100-4 5.700-.8Z',
  copy: 'M9 9h11v11H9ZM9 15H4V4h11v5',
  theme: 'M12 3.500a8.500 8.500 0 1 0 8.500 8.500 6.500 6.500 0 0 1-8.500-8.500Z',
} as const;

export type IconName = keyof typeof PATHS;
const FILLED = new Set<IconName>(['play']);
/** Those that point where reading goes are mirrored in Arabic. */
const MIRRORED = new Set<IconName>(['next', 'text', 'scripts']);

export function Icon({ name, size = 22 }: { name: IconName; size?: number }) {
  return (
    <svg class={`icon${MIRRORED.has(name) ? ' icon-mirrored' : ''}`} viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" fill={FILLED.has(name) ? 'currentColor' : 'none'} stroke="currentColor" stroke-width={name === 'more' || name === 'pause' ? 2.6 : 1.7} stroke-linecap="round" stroke-linejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}
