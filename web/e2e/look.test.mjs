// J8: every page at the widths people have, light and dark, in both languages; axe finds nothing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { screens } from './lib/browser.mjs';
import { Server } from './lib/server.mjs';

test('J8 every page: axe finds nothing, nothing is wider than the window', async () => {
  const server = await Server.start();
  const folder = await mkdtemp(join(tmpdir(), 'diemcau-look-'));
  try {
    const links = [];
    // A link signs in once; the pages are looked at four times each and more.
    for (const role of ['moderator', 'stage', 'screen', 'admin', 'registrar', 'official']) links.push(...(await server.demoLinks(role)));
    links.push(...(await server.demoLinks('venue')));
    const file = join(folder, 'links.json');
    await writeFile(file, JSON.stringify(links));
    const look = spawn(process.execPath, ['test/look.mjs', server.url, file, screens], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
    };
    look.stdout.on('data', keep);
    look.stderr.on('data', keep);
    const [code] = await once(look, 'exit');
    console.log(output);
    assert.equal(code, 0, output);
    assert.ok(output.split('\n').filter((line) => line.startsWith('ok   J8')).length >= 56, 'all pages were looked at');
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
