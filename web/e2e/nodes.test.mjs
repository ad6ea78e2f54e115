// M11: two nodes over one Redis. Everybody enters through B while A has the media; A is
// killed, and everybody finds picture and floor again on B.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, signIn } from './lib/browser.mjs';
import { Redis, Server, until } from './lib/server.mjs';
import { enter, grows, main } from './lib/venue.mjs';
import { inbound, watch } from './lib/viewer.mjs';

const hall = 'ba-dinh';

/** What a node logs when it has the media. */
const home = /"media have a home".*"here":true/;

/** How many have their media from a node: pages, and viewers. */
async function sessions(server) {
  const all = (await server.metrics()).matchAll(/^diemcau_media_(?:sessions|viewers)\{[^}]*\} (\d+)$/gm);
  return [...all].reduce((sum, [, n]) => sum + Number(n), 0);
}

/** Waits until the viewer's picture goes on. */
async function plays(viewer) {
  const frames = async () => (await inbound(viewer)).find((s) => s.kind === 'video')?.frames ?? 0;
  const before = await frames();
  await until(async () => {
    const now = await frames();
    return now > 0 && now !== before;
  }, 'the viewer has a picture');
}

async function takeover(a, b, browser) {
  const cityHall = await enter(browser, b, main, '640x360@10');
  const venue = await enter(browser, b, hall, '480x270@10');
  const stage = await signIn(browser, (await b.links('stage'))[0]);
  for (const id of [main, hall]) await grows(stage, 'tile', id);
  const viewer = await watch(browser, b); // its request is sent on to A
  await plays(viewer);
  assert.equal(await sessions(b), 0, 'B has no media while A has them');
  assert.equal(await sessions(a), 4, 'City Hall, the hall, the stage and the viewer are on A');

  await stage.locator(`[data-tile="${hall}"] button`).click();
  await stage.keyboard.press('g');
  await venue.locator('[data-testid="tally"][data-tally="live"]').waitFor();
  await grows(cityHall, 'return', hall);

  await a.kill();
  const killed = Date.now();
  await until(() => home.test(b.log), 'B has taken over');
  console.log(`M11 B had the media ${Date.now() - killed} ms after A was killed`);
  await until(async () => (await sessions(b)) >= 3, 'the pages have joined B');
  console.log(`M11 the pages were on B ${Date.now() - killed} ms after A was killed`);
  await grows(cityHall, 'return', hall);
  await grows(stage, 'programme', hall);
  await plays(viewer);
  console.log(`M11 all pictures were back ${Date.now() - killed} ms after A was killed`);
  await stage.locator(`[data-testid="holder"][data-holder="${hall}"]`).waitFor();
  await venue.locator('[data-testid="tally"][data-tally="live"]').waitFor();
  for (const page of [cityHall, venue, stage]) noFaults(page);
}

test('M11 two nodes: everybody enters through B, A has the media and is killed', async () => {
  const redis = await Redis.start();
  const a = await Server.start({ redis });
  await until(async () => home.test(a.log), 'A has the media');
  const b = await Server.start({ redis, beside: a });
  try {
    await inBrowser('nodes', (browser) => takeover(a, b, browser));
  } finally {
    await b.stop();
    await a.stop();
    await redis.stop();
  }
});
