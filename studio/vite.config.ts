import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

// Hosting answers unknown paths with 404.html: the studio, which then says that there is no such page.
const notFoundPage: Plugin = {
  name: 'not-found-page',
  apply: 'build',
  writeBundle(options) {
    copyFileSync(join(options.dir!, 'index.html'), join(options.dir!, '404.html'));
  },
};

// `make studio-dev` says where the local stack is.
const { STUDIO_STACK: stack = 'http://127.0.0.1:5000', STUDIO_EMULATORS: emulators = '' } = process.env;
const development: Plugin = {
  name: 'development',
  apply: 'serve',
  transformIndexHtml: (html) =>
    html.replace('name="emulators" content=""', `name="emulators" content="${emulators}"`),
};

export default defineConfig({
  publicDir: '../public',
  plugins: [notFoundPage, development],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: ['chrome111', 'firefox114', 'safari16.4'],
    // No data: URLs, which the policy does not allow for fonts.
    assetsInlineLimit: 0,
    manifest: true, // for the test of the budgets
    // Browsers without modulepreload load the same files a little later.
    modulePreload: { polyfill: false },
  },
  // The client of rooms is outside of this folder.
  server: { port: 5173, strictPort: true, fs: { allow: ['..'] }, proxy: { '/api': stack, '/__': stack } },
});
