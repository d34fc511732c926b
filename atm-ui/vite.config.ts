/** Builds the kiosk into static files that need nothing from outside: scripts, styles and fonts of its own. */
import tailwindcss from '@tailwindcss/vite';
import vue from '@vitejs/plugin-vue';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/atm/',
  // Of its own: both screens are served at once in development.
  cacheDir: fileURLToPath(new URL('../node_modules/.vite/atm-ui', import.meta.url)),
  plugins: [vue(), tailwindcss()],
  // The policy of the server allows no script and no style that is not a file.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: 'es2023', chunkSizeWarningLimit: 400 },
});
