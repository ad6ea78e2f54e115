// P4: hls.js in Chromium through takes between a camera in three sizes and an encoder with
// one, in the largest and in the smallest variant.
//
// CI judges what a busy machine cannot bring about: jumps over holes in what was buffered,
// errors of the element, a picture that is not the one on air, a delay that does not come
// down to 8 s. That no variant is kept waiting is shown on a clock of its own
// (TestP4_NoVariantKeepsAPlayerWaiting). The soak judges stalls by the clock on the wall as
// well, less what the page's own ticks were late, and the delay.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults } from './lib/browser.mjs';
import { behind, encode, report, watchLate } from './lib/late.mjs';
import { Server, soak, until } from './lib/server.mjs';
import { signIn, StrangerClient } from './lib/stranger-client.mjs';
import { enter, main } from './lib/venue.mjs';

const hall = 'ba-dinh';
/** Lines of the encoder's picture: between those of the camera's layers. */
const ENCODER = 270;
const takes = soak ? 50 : 5;
const MOST_MS = 8000;

/** Waits until the page shows what was captured from now on. */
async function shows(page) {
  const asked = Date.now();
  await until(async () => Date.now() - (await behind(page)) > asked + 1500, 'the picture of now is shown');
}

function judge(name, seen) {
  console.log(`${name}: ${seen.frames} pictures of ${[...new Set(seen.heights)]} lines; at most ${seen.worst} ms behind; stalls ${JSON.stringify(seen.stalls)}; the machine was late by ${Math.round(seen.slow)} ms`);
  assert.deepEqual(seen.errors, [], `${name}: the element reported errors`);
  const holes = seen.jumps.filter((jump) => jump.over);
  assert.deepEqual(holes, [], `${name}: the player jumped over a hole`);
  if (!soak) return;
  assert.deepEqual(seen.ways, ['whep', 'hls'], `${name}: HLS played from the first picture to the last`);
  assert.deepEqual(seen.stalls.filter((stall) => stall.ms > 1000), [], `${name}: it stood still`);
  assert.ok(seen.worst <= MOST_MS, `${name}: ${seen.worst} ms behind`);
}

test('P4 hls.js through takes between simulcast and a single layer, in the largest and the smallest variant', async () => {
  const server = await Server.start();
  try {
    await inBrowser('takes', async (browser) => {
      await encode(browser, server, main, { width: 480, height: ENCODER, rate: 8 });
      const camera = await enter(browser, server, hall, '960x540@8');
      const stage = await new StrangerClient(server.url, { role: 'stage', cookie: await signIn(server, 'stage') }).connect();
      await stage.until(() => stage.view.venues.get(hall)?.state === 'ready', 'the hall is ready', { within: 90_000 });
      // The players begin while there is one layer: what they read then is all they are told of the variants.
      const low = await watchLate(browser, server, { quality: 'low' });
      const high = await watchLate(browser, server, { quality: 'high', size: { width: 1440, height: 900 } });
      for (let i = 0; i < takes; i++) {
        const { error } = i % 2 === 0 ? await stage.command('floor.give', { venue: hall }) : await stage.command('floor.cityHall', {});
        assert.equal(error, undefined, JSON.stringify(error));
        if (i === 0) for (const page of [low, high]) await shows(page);
        else await new Promise((next) => setTimeout(next, 500 + Math.random() * (soak ? 4500 : 2000)));
      }
      for (const page of [low, high]) await shows(page);
      for (const [name, page] of Object.entries({ low, high })) {
        await until(async () => (await behind(page)) <= MOST_MS, `${name}: no more than ${MOST_MS} ms behind`);
        judge(name, await report(page));
        noFaults(page);
      }
      const heights = async (page) => (await report(page)).heights;
      const [small, large] = [await heights(low), await heights(high)];
      assert.ok(small.includes(ENCODER) && large.includes(ENCODER), `the one layer of the encoder fills every variant: ${small}; ${large}`);
      assert.ok([small, large].every((seen) => seen.some((height) => height !== ENCODER)), `the camera is in every variant: ${small}; ${large}`);
      // A camera on a busy machine sends fewer and smaller layers than it should.
      if (soak) assert.ok(Math.min(...small) < ENCODER && Math.max(...large) > ENCODER, `the camera's layers go to their variants: ${small}; ${large}`);
      noFaults(camera);
      await stage.cut();
    });
  } finally {
    await server.stop();
  }
});
