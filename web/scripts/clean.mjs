// Empties dist but for its tracked README.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);
mkdirSync(dist, { recursive: true });
for (const name of readdirSync(dist)) {
  if (name !== 'README.md') rmSync(new URL(name, dist), { recursive: true });
}
