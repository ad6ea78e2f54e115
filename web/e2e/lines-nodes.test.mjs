// Two nodes over one Redis: halls enter through B while A has the media. What their pages
// report, and what A measures, is seen on B, with its history; no browser is needed for it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Redis, Server, until } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';
import { signIn } from './lib/stranger-client.mjs';

async function through(a, b) {
  const rehearsal = b.rehearse(`--secret-file=${join(a.folder, 'secret')}`, '--venues=2', '--citizens=1', '--for=15s');
  const cookie = await signIn(b, 'stage');
  const [name, value] = cookie.split('=');
  const stage = await listen(b, { context: () => ({ cookies: async () => [{ name, value }] }) }, 'stage');
  const rows = new Map();
  let spoke = '';
  stage.socket.on('message', (raw) => {
    const message = JSON.parse(raw.toString());
    if (message.type === 'speaking') spoke ||= message.speaking.now ?? '';
    for (const row of message.lines?.rows ?? []) rows.set(row.venue, row);
  });
  // A page's word has come from B to A, and A's row back to B.
  const reported = () => [...rows.values()].find((row) => row.page && row.encoder === 'rehearsal' && row.upBits > 0);
  const row = await until(reported, 'a row on B with what the page told and what A measured');
  await until(() => spoke, 'who speaks, on B');
  const history = await fetch(`${b.url}/api/v1/conferences/dat-dai-2022/lines/${row.venue}`, { headers: { cookie } });
  assert.equal(history.status, 200);
  assert.ok((await history.json()).samples.length > 0, 'A keeps the history, B tells it');
  assert.doesNotMatch(await b.metrics(), /diemcau_venue_line_grade\{/, 'only the node with the media counts lines');
  assert.match(await a.metrics(), /diemcau_venue_line_grade\{/);
  stage.socket.removeAllListeners('close'); // it would fail what has long been settled
  stage.socket.terminate();
  rehearsal.child.kill('SIGINT');
  await rehearsal.done; // how well a small machine plays is another test's matter
}

test('M11 the lines of halls that entered through B are seen on B while A has the media', async () => {
  const redis = await Redis.start();
  const a = await Server.start({ redis });
  await until(async () => /"media have a home".*"here":true/.test(a.log), 'A has the media');
  const b = await Server.start({ redis, beside: a });
  try {
    await through(a, b);
  } finally {
    await b.stop();
    await a.stop();
    await redis.stop();
  }
});
