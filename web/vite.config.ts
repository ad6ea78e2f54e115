import { readdirSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { offlineDesk } from './scripts/offline.ts';

// One page per role: every html file beside this one is an entry of its own. Citizens'
// pages are built apart from the others (vite build --mode citizen), so that their shared
// chunks hold nothing that only a control page needs; a citizen's phone pays for it.
const citizenPages = new Set(['index.html', 'conference.html', 'q.html', 'replay.html', 'register.html', 'ticket.html']);
const pages = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.html'));

// Each is some hundred bytes and half of the citizens' pages want it: together they are
// compressed better, and asked for once.
const small = /src\/(citizen\/(store|kept|lazy)|home\/registers|live\/reduce|ui\/(ConferenceChip|Toasts|toasts))\b/;

const server = process.env['DIEMCAU_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), ...(mode === 'staff' ? [offlineDesk()] : [])],
  build: {
    // dist keeps its tracked README, so scripts/clean.mjs empties it instead.
    emptyOutDir: false,
    target: 'es2022',
    manifest: `.vite/${mode}.json`,
    // The content security policy allows nothing inline, not even as data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: pages.filter((name) => citizenPages.has(name) === (mode === 'citizen')),
      output: mode === 'citizen' ? { codeSplitting: { groups: [{ name: 'small', test: small }] } } : {},
    },
  },
  server: {
    proxy: {
      '/api': { target: server, ws: true, changeOrigin: true },
      '/live': { target: server, changeOrigin: true },
    },
  },
}));
