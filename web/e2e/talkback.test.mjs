// Talkback in Chromium: the stage manager talks to one hall; that hall hears it and is told, nobody else gets a packet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, noFaults, shot, signIn } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';
import { enter, grows } from './lib/venue.mjs';

const hall = 'ba-dinh';
const other = 'tay-ho';

/** Keeps every connection, and counts how often a microphone was asked for. */
function watchPage() {
  window.peers = [];
  window.asked = 0;
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
    }
  };
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (what) => {
    window.asked += 1;
    return ask(what);
  };
}

/** Packets of sound a page was sent in slots for voices: of all m-lines it receives sound on but the first, the programme's. */
function voices(page) {
  return page.evaluate(async () => {
    const peer = window.peers.find((p) => p.connectionState === 'connected');
    if (peer === undefined) return { packets: 0 };
    const mids = peer.getTransceivers().filter((t) => t.direction === 'recvonly' && t.receiver.track.kind === 'audio').map((t) => t.mid);
    return [...(await peer.getStats()).values()]
      .filter((r) => r.type === 'inbound-rtp' && mids.slice(1).includes(r.mid))
      .reduce((sum, r) => ({ packets: sum.packets + r.packetsReceived }), { packets: 0 });
  });
}

const told = (page) => page.locator('[data-testid="talkback"]').innerText();

test('talkback: one hall hears the stage manager and is told, nobody else, and it ends with the page', async () => {
  const server = await Server.start();
  const browser = await launch();
  try {
    const newContext = browser.newContext.bind(browser);
    browser.newContext = async (options) => {
      const context = await newContext(options);
      await context.addInitScript(watchPage);
      return context;
    };
    const near = await enter(browser, server, hall, '640x360@10');
    const far = await enter(browser, server, other, '640x360@10');
    const stage = await signIn(browser, (await server.links('stage'))[0]);
    await grows(stage, 'tile', hall);
    await stage.context().grantPermissions(['microphone']);
    assert.equal(await stage.evaluate(() => window.asked), 0, 'the stage asks for no microphone before it is needed');

    await stage.locator(`[data-tile="${hall}"] button`).click();
    await stage.keyboard.press('m');
    await until(async () => (await told(near)).includes('Đạo diễn đang nói'), 'the hall is told');
    assert.equal(await stage.evaluate(() => window.asked), 1, 'the stage asks for the microphone once');
    await until(async () => (await voices(near)).packets > 50, 'the hall is sent what is said');
    assert.equal(await told(far), '', 'the other hall is told nothing');
    assert.equal((await voices(far)).packets, 0, 'the other hall is sent nothing');
    assert.equal((await voices(stage)).packets, 0, 'the stage is sent nothing');
    await shot(near, 'venue-talkback');
    await shot(stage, 'stage-talkback');

    await stage.keyboard.press('m');
    await until(async () => (await told(near)) === '', 'the hall is told that it is over');
    await stage.locator('[data-testid="do-talk"]').click(); // pressed, not held
    await until(async () => (await told(near)) !== '', 'the button begins a talk too');
    await noFaults(stage);
    await stage.close();
    await until(async () => (await told(near)) === '', 'the talk ends with the page');
    await noFaults(near);
    await noFaults(far);
  } finally {
    await browser.close();
    await server.stop();
  }
});
