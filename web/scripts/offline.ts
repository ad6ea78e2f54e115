// The desk's service worker: offline.sw.js with the list of all files that /desk may need,
// named after their content, so that a new build is a new worker.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const besides = ['assets/boot.js', 'assets/icon.svg', 'assets/desk-192.png', 'assets/desk-512.png', 'desk.webmanifest'];

export function offlineDesk(): Plugin {
  return {
    name: 'offline-desk',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const files = new Set<string>(besides);
        const visit = (name: string): void => {
          const part = bundle[name];
          if (!part || files.has(name)) return;
          files.add(name);
          if (part.type !== 'chunk') return;
          for (const style of part.viteMetadata?.importedCss ?? []) files.add(style);
          for (const next of [...part.imports, ...part.dynamicImports]) visit(next);
          // Workers are named in the code only.
          for (const other of Object.keys(bundle)) if (part.code.includes(other)) visit(other);
        };
        const entry = Object.values(bundle).find((part) => part.type === 'chunk' && part.isEntry && part.name === 'desk');
        const shell = bundle['desk.html'];
        if (!entry || !shell || shell.type !== 'asset') throw new Error('offline-desk: no entry named desk');
        visit(entry.fileName);
        const list = [...files].sort();
        const version = createHash('sha256').update(String(shell.source));
        for (const name of list) {
          const part = bundle[name];
          version.update(name).update(part ? (part.type === 'chunk' ? part.code : part.source) : readFileSync(new URL(`../public/${name}`, import.meta.url)));
        }
        const source = readFileSync(new URL('./offline.sw.js', import.meta.url), 'utf8')
          .replace("'VERSION'", JSON.stringify(version.digest('hex').slice(0, 16)))
          .replace("'FILES'", JSON.stringify(list.map((name) => `/${name}`)));
        this.emitFile({ type: 'asset', fileName: 'desk-sw.js', source });
      },
    },
  };
}
