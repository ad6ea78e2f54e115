// M6 (and of M10 what firewalls are about): a venue's page and a viewer in Chromium behind firewalls. The firewall is in the
// page: it takes the candidates of a blocked way out of the server's answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, noFaults, open, shot } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';
import { grows, main } from './lib/venue.mjs';

/** block leaves the server's TCP candidates in its answers ('tcp'), or none ('tls'). */
function block(left) {
  window.peers = [];
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
      // With the relay alone no other way can be found from the checks of the server either.
      if (left === 'tls') super.setConfiguration({ ...super.getConfiguration(), iceTransportPolicy: 'relay' });
    }

    setRemoteDescription(description) {
      const sdp = description.sdp
        .split('\r\n')
        .filter((line) => left === 'tls' || !/^a=candidate:\S+ 1 udp/.test(line))
        .join('\r\n');
      return super.setRemoteDescription({ type: description.type, sdp });
    }
  };
}

/** The selected pair's local candidate of every connected peer, as getStats tells it. */
function ways(page) {
  return page.evaluate(async () => {
    const found = [];
    for (const peer of window.peers) {
      if (peer.connectionState !== 'connected') continue;
      const stats = await peer.getStats();
      for (const row of stats.values()) {
        if (row.type !== 'transport' || !row.selectedCandidatePairId) continue;
        const local = stats.get(stats.get(row.selectedCandidatePairId).localCandidateId);
        found.push({ type: local.candidateType, protocol: local.protocol, relay: local.relayProtocol ?? '' });
      }
    }
    return found;
  });
}

async function behind(browser, left, address, what) {
  const context = await browser.newContext({ locale: 'vi-VN', permissions: ['camera', 'microphone'], ignoreHTTPSErrors: true });
  await context.addInitScript(block, left);
  const page = await open(context, address);
  await what(page);
  return page;
}

for (const { left, says, is } of [
  { left: 'tcp', says: 'Đi bằng TCP, vì UDP bị chặn', is: (way) => way.protocol === 'tcp' && way.relay === '' },
  { left: 'tls', says: 'Đi bằng trong TLS', is: (way) => way.relay === 'tls' },
]) {
  test(`M6 Chromium's media goes by ${left === 'tcp' ? 'TCP' : 'TURN within TLS'}, and the page says so`, async () => {
    const server = await Server.start();
    const browser = await launch(['--ignore-certificate-errors']);
    try {
      const [link] = await server.links('venue', `--venue=${main}`);
      const venue = await behind(browser, left, `${link.url}&video=640x360`, async (page) => {
        await page.getByTestId('sign-in').click();
        await page.getByTestId('enter').click();
        await page.getByTestId('ready').click();
      });
      await grows(venue, 'programme', '');
      await until(async () => (await ways(venue)).some(is), `the venue's media goes by ${left}`);
      await until(async () => (await venue.getByTestId('way').innerText()).includes(says), 'the page says which way its media takes');
      const viewer = await behind(browser, left, `${server.url}/c/dat-dai-2022`, (page) => page.getByTestId('play').click());
      await viewer.locator('[data-testid="player"][data-phase="playing"]').waitFor();
      await until(async () => (await ways(viewer)).some(is), `the viewer's media goes by ${left}`);
      const metrics = await server.metrics();
      const figure = (name) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(metrics)?.[1]);
      assert.ok(figure(left === 'tcp' ? 'diemcau_media_tcp_connections' : 'diemcau_media_relays') >= 2, metrics);
      assert.doesNotMatch(server.log, /credential|turns:/, 'no log line holds the credentials');
      console.log(left, JSON.stringify({ venue: await ways(venue), viewer: await ways(viewer) }));
      await shot(venue, `venue-by-${left}`);
      noFaults(venue);
      noFaults(viewer);
    } finally {
      await browser.close();
      await server.stop();
    }
  });
}
