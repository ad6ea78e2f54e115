// M10: layers in Chromium, as getStats tells them: those nobody needs are stopped at the sender and start again, and a
// tile that is shown larger is sent in a larger layer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, noFaults, shot, signIn } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';
import { enter, grows, main } from './lib/venue.mjs';

const hall = 'ba-dinh';

/** Keeps every connection of a page where the test finds it. */
function keepPeers() {
  window.peers = [];
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
    }
  };
}

/** The rows of one type of the connected peer's report. */
function rows(page, type) {
  return page.evaluate(async (type) => {
    const peer = window.peers.find((p) => p.connectionState === 'connected');
    return peer === undefined ? [] : [...(await peer.getStats()).values()].filter((row) => row.type === type && row.kind === 'video');
  }, type);
}

/** By rid, whether the layer is active and how many pictures were sent. */
async function layers(page) {
  return Object.fromEntries((await rows(page, 'outbound-rtp')).map((row) => [row.rid, { active: row.active, frames: row.framesSent }]));
}

/** Waits until exactly these layers are active and only these send. */
async function sends(page, rids, why) {
  await until(async () => {
    const now = await layers(page);
    return ['h', 'm', 'l'].every((rid) => now[rid]?.active === rids.includes(rid));
  }, `${why}: ${rids} are active`);
  const before = await layers(page);
  await until(async () => {
    const now = await layers(page);
    return rids.every((rid) => now[rid].frames >= before[rid].frames + 5);
  }, `${why}: ${rids} send`);
  const after = await layers(page);
  for (const rid of ['h', 'm', 'l'].filter((r) => !rids.includes(r))) {
    assert.ok(after[rid].frames - before[rid].frames <= 1, `${why}: ${rid} still sends`);
  }
}

test('M10 Chromium: unneeded layers stop and start again, and a larger tile gets a larger layer', async () => {
  const server = await Server.start();
  const browser = await launch();
  const pages = [];
  try {
    const newContext = browser.newContext.bind(browser);
    browser.newContext = async (options) => {
      const context = await newContext(options);
      await context.addInitScript(keepPeers);
      return context;
    };
    const cityHall = await enter(browser, server, main, '1280x720@10');
    const venue = await enter(browser, server, hall, '1280x720@10');
    pages.push(cityHall, venue);
    await sends(cityHall, ['h', 'm', 'l'], 'City Hall is on air');
    await sends(venue, ['l'], 'nobody looks at the hall');

    const stage = await signIn(browser, (await server.links('stage'))[0]);
    pages.push(stage);
    await grows(stage, 'tile', hall);
    await stage.locator(`[data-tile="${hall}"] button`).click();
    await stage.keyboard.press('Enter');
    await sends(venue, ['h', 'm', 'l'], 'the hall is on air');
    const programme = () => stage.locator('video[data-slot="programme"]').first().evaluate((video) => video.videoHeight);
    await grows(stage, 'programme', hall);
    await until(async () => (await programme()) === 720, 'the programme is the highest layer of the hall');

    const tile = () => stage.locator(`video[data-slot="tile"][data-venue="${main}"]`).first().evaluate((video) => video.videoHeight);
    await until(async () => (await tile()) === 180, 'a small tile is the lowest layer');
    await stage.setViewportSize({ width: 5120, height: 2880 });
    await until(async () => (await tile()) > 180, 'a larger tile is a larger layer');
    const sizes = (await rows(stage, 'inbound-rtp')).map((row) => row.frameHeight);
    assert.ok(sizes.includes(360), `getStats tells the larger layer: ${sizes}`);
    await stage.setViewportSize({ width: 1440, height: 900 });
    await until(async () => (await tile()) === 180, 'a small tile is the lowest layer again');
    await shot(stage, 'stage-layers');

    await stage.keyboard.press('0');
    await until(async () => !(await layers(venue)).h.active, 'the hall is off air: its highest layer stops');
    await sends(cityHall, ['h', 'm', 'l'], 'City Hall is on air again');
    const metrics = await server.metrics();
    assert.match(metrics, new RegExp(`^diemcau_venue_downlink_estimate_bits\\{.*venue="${hall}"\\} \\d`, 'm'));
    console.log('estimates', metrics.match(/^diemcau_venue_downlink_estimate_bits.*$/gm)?.join(' | '));
    for (const page of pages) noFaults(page);
  } catch (err) {
    for (const page of pages) console.log(page.url().split('#')[0], page.faults, page.refusals, JSON.stringify(await layers(page).catch(() => '')));
    throw err;
  } finally {
    await browser.close();
    await server.stop();
  }
});
