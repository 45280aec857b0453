import { render } from 'preact';
import { followLinks } from './router.ts';
import { begin } from './session/session.ts';
import { Shell } from './shell/Shell.tsx';
import './state/theme.ts';
import './styles/index.css';

followLinks();
void begin();
render(<Shell />, document.getElementById('app')!);
