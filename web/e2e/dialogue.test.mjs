// J1: the whole dialogue. City Hall and a hall are Chromium, four halls are rehearsed.
// J2: Chromium's three layers; who gets which.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, shot, signIn } from './lib/browser.mjs';
import { Redis, Server, until } from './lib/server.mjs';
import { enter, grows, main } from './lib/venue.mjs';
import { inbound, watch } from './lib/viewer.mjs';

const hall = 'ba-dinh';
const halls = ['cau-giay', 'dong-da', 'hai-ba-trung', 'hoan-kiem'];
// Everybody sends a size of their own: it tells whose picture it is, whatever a page is told.
const heights = { [main]: 360, [hall]: 270, ...Object.fromEntries(halls.map((id) => [id, 720])) };

/** Waits until the stage and the viewer are shown the picture of a venue in the programme. */
async function programmeIs(stage, viewer, venue) {
  await grows(stage, 'programme', venue);
  const staged = () => stage.locator('video[data-slot="programme"]').first().evaluate((video) => video.videoHeight);
  const viewed = async () => (await inbound(viewer)).find((s) => s.kind === 'video')?.height;
  await until(async () => (await staged()) === heights[venue], `the stage's programme is the picture of ${venue}`);
  await until(async () => (await viewed()) === heights[venue], `the viewer's programme is the picture of ${venue}`);
}

async function viewerGoesOn(viewer, first) {
  const before = await inbound(viewer);
  assert.deepEqual(before.map((s) => s.ssrc), first.map((s) => s.ssrc), 'the viewer keeps its SSRCs');
  await until(async () => {
    const now = await inbound(viewer);
    return now.every((s, i) => (s.kind === 'audio' ? s.packets > before[i].packets + 20 : s.frames > before[i].frames + 10));
  }, 'the viewer plays on');
}

/** Presses a key of the stage with a venue's tile chosen. */
async function press(stage, venue, key) {
  await stage.locator(`[data-tile="${venue}"] button`).click();
  await stage.keyboard.press(key);
}

async function dialogue(server, name) {
  let rehearsal;
  const play = async (browser) => {
    const cityHall = await enter(browser, server, main, '640x360@10');
    const venue = await enter(browser, server, hall, '480x270@10', { measured: true });
    const stage = await signIn(browser, (await server.links('stage'))[0]);
    for (const id of [main, hall]) await grows(stage, 'tile', id);
    // The rehearsal plays the halls that nobody plays yet, and leaves the floor to us.
    rehearsal = server.rehearse(`--venues=${halls.length}`, '--no-floor', '--citizens=0', '--for=10m');
    for (const id of [main, hall, ...halls]) await grows(stage, 'tile', id);
    const viewer = await watch(browser, server);
    const first = await until(async () => {
      const now = await inbound(viewer);
      return now.length >= 2 && now;
    }, 'sound and picture arrive');
    assert.deepEqual(first.map((s) => s.kind), ['audio', 'video'], 'one sound, one picture');
    const tried = await viewer.evaluate(() => ({ connections: window.peers.length, negotiations: window.negotiations }));
    await grows(venue, 'programme');

    await venue.getByTestId('raise').click();
    await stage.locator(`[data-testid="hand"][data-venue="${hall}"]`).waitFor();
    await press(stage, hall, 'p');
    await venue.locator('[data-testid="tally"][data-tally="preview"]').waitFor();
    await press(stage, hall, 'g');
    await venue.locator('[data-testid="tally"][data-tally="live"]').waitFor();
    await grows(cityHall, 'return', hall);
    await programmeIs(stage, viewer, hall);
    await viewerGoesOn(viewer, first);
    if (name === 'sqlite') {
      await shot(stage, 'stage-1440');
      await shot(venue, 'venue-live-1440');
      await shot(cityHall, 'cityhall-1440');
      await shot(viewer, 'viewer-360');
    }

    await press(stage, hall, 't');
    await stage.locator('[data-testid="holder"][data-holder=""]').waitFor();
    await venue.locator('[data-testid="tally"][data-tally="live"]').waitFor({ state: 'detached' });
    await programmeIs(stage, viewer, main);
    await viewerGoesOn(viewer, first);

    await press(stage, halls[0], 'g');
    await venue.locator('[data-testid="tally"][data-tally="live"]').waitFor({ state: 'detached' });
    await stage.locator(`[data-testid="holder"][data-holder="${halls[0]}"]`).waitFor();
    await grows(cityHall, 'return', halls[0]);
    await programmeIs(stage, viewer, halls[0]);
    await viewerGoesOn(viewer, first);

    await stage.keyboard.press('0');
    await stage.locator('[data-testid="holder"][data-holder=""]').waitFor();
    await grows(venue, 'programme', main);
    await programmeIs(stage, viewer, main);
    await viewerGoesOn(viewer, first);
    const after = await viewer.evaluate(() => ({ connections: window.peers.length, negotiations: window.negotiations }));
    assert.deepEqual(after, tried, 'nothing is connected or negotiated again after the first picture');
    for (const page of [cityHall, venue, stage, viewer]) noFaults(page);
    rehearsal.child.kill('SIGINT');
    const { code, output } = await rehearsal.done;
    assert.equal(code, 0, output);
  };
  try {
    await inBrowser(`dialogue-${name}`, play);
  } finally {
    rehearsal?.child.kill('SIGKILL');
  }
}

test('J1 the whole dialogue in Chromium, on SQLite', async () => {
  const server = await Server.start();
  try {
    await dialogue(server, 'sqlite');
  } finally {
    await server.stop();
  }
});

test('J1 the whole dialogue in Chromium, on Redis', async () => {
  const redis = await Redis.start();
  const server = await Server.start({ redis });
  try {
    await dialogue(server, 'redis');
  } finally {
    await server.stop();
    await redis.stop();
  }
});

test('J2 three layers from Chromium: a tile gets the lowest, the programme the highest', async () => {
  const server = await Server.start();
  try {
    await inBrowser('layers', (browser) => layers(browser, server));
  } finally {
    await server.stop();
  }
});

async function layers(browser, server) {
  const cityHall = await enter(browser, server, main, '1280x720@10');
  const stage = await signIn(browser, (await server.links('stage'))[0]);
  await grows(stage, 'tile', main);
  await grows(stage, 'programme');
  const height = (slot) => stage.locator(`video[data-slot="${slot}"]`).first().evaluate((video) => video.videoHeight);
  await until(async () => (await height('programme')) === 720, 'the programme is the highest layer');
  await until(async () => (await height('tile')) === 180, 'the tile is the lowest layer');
  await until(async () => new RegExp(`^diemcau_venue_layers\\{.*venue="${main}".*\\} 3$`, 'm').test(await server.metrics()), 'three layers arrive');
  for (const page of [cityHall, stage]) noFaults(page);
}
