// P4 at low latency: hls.js in Chromium plays the programme in parts, through takes, with a
// picture no more than 3 s late, and loads no whole segment once it is at the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults } from './lib/browser.mjs';
import { behind, encode, report, watchLate } from './lib/late.mjs';
import { Server, soak, until } from './lib/server.mjs';
import { signIn, StrangerClient } from './lib/stranger-client.mjs';
import { enter, main } from './lib/venue.mjs';

const hall = 'ba-dinh';
/** Lines of City Hall's picture: between those of the camera's layers. */
const ENCODER = 270;
const takes = soak ? 20 : 3;
const MOST_MS = 3000;

test('P4 low latency: hls.js plays parts through takes, no more than 3 s late', async () => {
  const server = await Server.start({ args: ['--low-latency'] });
  try {
    await inBrowser('low-latency', async (browser) => {
      await encode(browser, server, main, { width: 480, height: ENCODER, rate: 8 });
      const camera = await enter(browser, server, hall, '960x540@8');
      const stage = await new StrangerClient(server.url, { role: 'stage', cookie: await signIn(server, 'stage') }).connect();
      await stage.until(() => stage.view.venues.get(hall)?.state === 'ready', 'the hall is ready', { within: 90_000 });
      const page = await watchLate(browser, server);
      const asked = [];
      page.on('request', (request) => asked.push(new URL(request.url())));
      const close = () => until(async () => (await behind(page)) > 0 && (await behind(page)) <= MOST_MS, 'the picture is no more than 3 s late');
      await close();
      for (let i = 0; i < takes; i++) {
        const { error } = i % 2 === 0 ? await stage.command('floor.give', { venue: hall }) : await stage.command('floor.cityHall', {});
        assert.equal(error, undefined, JSON.stringify(error));
        await until(async () => ((await report(page)).heights.at(-1) === ENCODER) === (i % 2 === 1), 'the picture of who has the floor is shown');
      }
      await close();
      const seen = await report(page);
      console.log(`low latency: ${await behind(page)} ms behind at the end, ${seen.worst} at most; stalls ${JSON.stringify(seen.stalls)}; the machine was late by ${Math.round(seen.slow)} ms`);
      assert.deepEqual(seen.errors, [], 'the element reported errors');
      assert.deepEqual(seen.jumps.filter((jump) => jump.over), [], 'the player jumped over a hole');
      if (soak) assert.deepEqual(seen.stalls.filter((stall) => stall.ms > 1000), [], 'it stood still');
      const paths = asked.filter(({ pathname }) => pathname.startsWith('/live/'));
      assert.ok(paths.some(({ pathname }) => /\/v\d-\d+\.\d+-\w+\.m4s$/.test(pathname)), 'it loads parts of the picture');
      assert.ok(paths.some(({ pathname }) => /\/sound-\d+\.\d+-\w+\.m4s$/.test(pathname)), 'it loads parts of the sound');
      assert.ok(paths.some(({ searchParams }) => searchParams.has('_HLS_part')), 'it waits for the next part');
      const queries = new Set(paths.flatMap(({ searchParams }) => [...searchParams.keys()]));
      assert.deepEqual([...queries].filter((key) => key !== '_HLS_msn' && key !== '_HLS_part'), [], 'no address tells who watches');
      noFaults(page);
      noFaults(camera);
      await stage.cut();
    });
  } finally {
    await server.stop();
  }
});
