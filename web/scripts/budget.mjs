// J8, R7: what a citizen's browser loads before anything is tapped, compressed with gzip:
// the conference page's entry with everything it imports statically, its styles, and
// whatever its html names. Also for the pages a citizen comes by.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MAX_JS = 40_000;
const MAX_CSS = 10_000;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/citizen.json', dist), 'utf8'));

const zipped = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;

/** All files that an entry loads by itself. */
function loadedBy(entry) {
  const files = new Set();
  const seen = new Set();
  const visit = (key) => {
    if (seen.has(key)) return;
    seen.add(key);
    const chunk = manifest[key];
    if (!chunk) throw new Error(`budget: ${key} is not in the manifest`);
    files.add(chunk.file);
    for (const style of chunk.css ?? []) files.add(style);
    for (const next of chunk.imports ?? []) visit(next);
  };
  visit(entry);
  const html = readFileSync(new URL(entry, dist), 'utf8');
  for (const [, file] of html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)) files.add(file);
  return [...files];
}

let within = true;
for (const entry of ['conference.html', 'index.html', 'q.html', 'replay.html', 'register.html', 'ticket.html']) {
  const files = loadedBy(entry);
  const sum = (suffix) => files.filter((file) => file.endsWith(suffix)).reduce((total, file) => total + zipped(file), 0);
  const js = sum('.js');
  const css = sum('.css');
  const fits = js <= MAX_JS && css <= MAX_CSS;
  within &&= fits;
  const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  console.log(`${entry}: JavaScript ${kB(js)} of ${kB(MAX_JS)}, CSS ${kB(css)} of ${kB(MAX_CSS)}${fits ? '' : '  TOO MUCH'}`);
}
console.log(within ? 'J8 R7 budget ok' : 'J8 R7 budget exceeded');
process.exit(within ? 0 : 1);
