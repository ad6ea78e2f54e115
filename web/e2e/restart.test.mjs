// M10: what becomes of a venue's connection in Chromium when its line breaks, as getStats tells it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open, shot } from './lib/browser.mjs';
import { Line, takeLine } from './lib/line.mjs';
import { Server, until } from './lib/server.mjs';
import { grows, main } from './lib/venue.mjs';

/** The one connection of a page: its ICE session, its way, and what comes in by SSRC. */
function connection(page) {
  return page.evaluate(async () => {
    const peer = window.peers.at(-1);
    const stats = [...(await peer.getStats()).values()];
    const transport = stats.find((row) => row.type === 'transport');
    const pair = stats.find((row) => row.id === transport?.selectedCandidatePairId);
    return {
      peers: window.peers.length,
      state: peer.connectionState,
      ufrag: transport?.iceLocalUsernameFragment,
      certificate: stats.find((row) => row.id === transport?.remoteCertificateId)?.fingerprint,
      changes: transport?.selectedCandidatePairChanges,
      port: stats.find((row) => row.id === pair?.remoteCandidateId)?.port,
      ssrcs: stats.filter((row) => row.type === 'inbound-rtp' && row.kind === 'video').map((row) => `${row.mid} ${row.ssrc}`).sort(),
      sockets: window.sockets.length,
    };
  });
}

async function sessions(server) {
  const metrics = await server.metrics();
  return [...metrics.matchAll(/^diemcau_media_sessions\S* (\d+)/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
}

test('M10 Chromium restarts ICE on the connection it has when its line and its socket break, and follows another address', async () => {
  const server = await Server.start();
  const line = await Line.lay(server.mediaPort);
  try {
    await inBrowser('restart', async (browser) => {
      const [link] = await server.links('venue', `--venue=${main}`);
      const context = await browser.newContext({ locale: 'vi-VN', permissions: ['camera', 'microphone'] });
      await context.addInitScript(takeLine, line.port);
      const hellos = [];
      context.on('page', (opened) =>
        opened.on('websocket', (socket) =>
          socket.on('framesent', ({ payload }) => {
            const message = JSON.parse(payload);
            if (message.type === 'hello') hellos.push(message.hello);
          }),
        ),
      );
      const page = await open(context, `${link.url}&video=640x360`);
      for (const button of ['sign-in', 'enter', 'ready']) await page.getByTestId(button).click();
      await grows(page, 'programme', main);
      // The page measures its line before it joins, with a connection of its own.
      const before = await until(async () => {
        const now = await connection(page);
        return now.state === 'connected' && now.ssrcs.length > 0 && now;
      }, 'connected');
      const { peers, certificate } = before;
      assert.equal(before.port, line.port, 'its media takes the line');
      assert.equal(await sessions(server), 1);

      // The line and the socket break at once, for long enough that a restart is asked for.
      line.plugged = false;
      await page.evaluate(() => window.sockets.forEach((socket) => socket.close(4001)));
      await until(async () => (await connection(page)).ufrag !== before.ufrag, 'ICE is restarted');
      line.plugged = true;
      const after = await until(async () => {
        const now = await connection(page);
        return now.state === 'connected' && now;
      }, 'connected again');
      await grows(page, 'programme', main);
      assert.notEqual(after.ufrag, before.ufrag, 'it is another ICE session');
      assert.equal(after.certificate, certificate, 'of the same DTLS association');
      assert.equal(after.peers, peers, 'on the same connection');
      const shown = await until(async () => (await connection(page)).ssrcs.length >= before.ssrcs.length && connection(page), 'the streams are back');
      for (const ssrc of before.ssrcs) assert.ok(shown.ssrcs.includes(ssrc), `${ssrc} goes on: ${shown.ssrcs}`);
      const { mediaToken } = hellos.at(-1);
      assert.ok(hellos.length > 1 && mediaToken.length >= 26, 'it said what its media are got back with');
      assert.equal(hellos[0].mediaToken, undefined, 'which it did not have at first');
      assert.ok(![...context.pages().map((p) => p.url()), server.log].some((text) => text.includes(mediaToken)), 'no address and no log line holds it');
      assert.ok(after.sockets > before.sockets, 'its socket is another one');
      assert.equal(await sessions(server), 1, 'the server has one session of it');

      // The network gives it another address: the server follows, with or without a restart.
      line.move();
      await grows(page, 'programme', main, 30);
      const moved = await connection(page);
      assert.equal(moved.peers, peers, 'still on the same connection');
      assert.equal(await sessions(server), 1);
      console.log(JSON.stringify({ before, after, moved }));
      await shot(page, 'venue-restarted');
      noFaults(page);
    });
  } finally {
    await line.cut();
    await server.stop();
  }
});
