// A viewer for whom there is no place by WebRTC watches by HLS, chooses what to load, and
// comes back when there is a place; what is said beside the picture keeps step with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open } from './lib/browser.mjs';
import { report, watchLate } from './lib/late.mjs';
import { Server, until } from './lib/server.mjs';
import { signIn, StrangerClient } from './lib/stranger-client.mjs';

const plays = (page, way) => page.locator(`[data-testid="player"][data-shows="picture"][data-way="${way}"]`).waitFor({ timeout: 60_000 });

test('P8 hls.js plays the programme when there is no place by WebRTC, in what the viewer chooses, and it comes back', async () => {
  const server = await Server.start();
  try {
    await inBrowser('hls', async (browser) => {
      const context = await browser.newContext({ viewport: { width: 360, height: 780 }, locale: 'vi-VN' });
      const asked = [];
      context.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
      const page = await open(context, `${server.url}/c/dat-dai-2022`);
      let full = true;
      await page.route('**/whep', (route) =>
        full && route.request().method() === 'POST'
          ? route.fulfill({ status: 503, headers: { 'Retry-After': '2' }, contentType: 'application/problem+json', body: '{"code":"media.full"}' })
          : route.continue(),
      );
      assert.ok(!asked.some((request) => /assets\/(hls|Player)/.test(request)), 'the player is loaded before anybody asks for it');
      await page.getByTestId('play').click();
      await plays(page, 'hls');
      const video = page.locator('[data-slot="programme"]');
      const state = () => video.evaluate((v) => ({ at: v.currentTime, width: v.videoWidth, shown: v.getVideoPlaybackQuality().totalVideoFrames, source: v.src }));
      const first = await state();
      assert.match(first.source, /^blob:/, 'hls.js feeds it');
      const later = await until(async () => {
        const now = await state();
        return now.at > first.at + 5 && now.shown > first.shown + 20 && now;
      }, 'the picture goes on by HLS');
      assert.ok(later.width > 0);
      assert.equal(await page.locator('.over').isVisible(), false, 'something covers the picture');

      full = false;
      await plays(page, 'whep');
      await until(async () => (await video.evaluate((v) => v.srcObject !== null && v.videoWidth > 0)), 'the picture comes by WebRTC');

      await page.getByTestId('player-quality').selectOption('low');
      await plays(page, 'hls');
      await until(() => asked.some((request) => /^DELETE .*\/whep\//.test(request)), 'the place is given back');
      await until(() => asked.some((request) => request.endsWith('/v2.m3u8')), 'the smallest variant is loaded');
      await page.getByTestId('player-quality').selectOption('sound');
      await page.locator('.only').waitFor();
      await until(() => asked.some((request) => request.endsWith('/sound.m3u8')), 'the sound is loaded');
      const before = asked.length;
      await until(() => asked.slice(before).filter((request) => /\/sound-\d+\.m4s$/.test(request)).length > 3, 'the sound goes on');
      assert.deepEqual(asked.slice(before).filter((request) => /\/v\d-\d+\.m4s$/.test(request)), [], 'no picture is loaded for who only listens');
      await page.getByTestId('player-quality').selectOption('auto');
      await plays(page, 'whep');
      noFaults(page);
    });
  } finally {
    await server.stop();
  }
});

test('P4 the question on air is shown with the picture it belongs to', async () => {
  const server = await Server.start();
  try {
    await inBrowser('step', async (browser) => {
      const page = await watchLate(browser, server);
      const body = 'Bao giờ thôn tôi được cấp giấy chứng nhận?';
      await server.ask(body);
      const moderator = await new StrangerClient(server.url, { role: 'moderator', cookie: await signIn(server, 'moderator') }).connect();
      const stage = await new StrangerClient(server.url, { role: 'stage', cookie: await signIn(server, 'stage') }).connect();
      const { id } = await moderator.until(() => [...moderator.view.questions.values()].find((question) => question.text === body), 'the question comes');
      const so = async (by, name) => assert.equal((await by.command(name, { id })).error, undefined, name);
      for (const name of ['question.claim', 'question.approve']) await so(moderator, name);
      for (const name of ['question.queue', 'question.stage', 'question.air']) await so(stage, name);
      const event = await stage.until(() => stage.events.find((one) => one.onAir === id), 'it is on air');
      const shown = await until(async () => (await report(page)).shown.find((one) => one.question === id), 'the page shows it');
      const waited = shown.at - Date.parse(event.at);
      // The delay is told once a second; a busy machine only ever waits longer.
      assert.ok(shown.behind > 2500 && waited > shown.behind - 1500, `shown after ${waited} ms with a picture that is ${shown.behind} ms late`);
      await page.locator('.on-air .text', { hasText: body }).waitFor();
      noFaults(page);
      await Promise.all([moderator.cut(), stage.cut()]);
    });
  } finally {
    await server.stop();
  }
});
