// A viewer for whom there is no place by WebRTC watches by HLS, and comes back when there is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';

test('P8 Chromium plays the programme by HLS when there is no place by WebRTC, and comes back to it', async () => {
  const server = await Server.start();
  try {
    await inBrowser('hls', async (browser) => {
      const context = await browser.newContext({ viewport: { width: 360, height: 780 }, locale: 'vi-VN' });
      const page = await open(context, `${server.url}/c/dat-dai-2022`);
      let full = true;
      await page.route('**/whep', (route) =>
        full && route.request().method() === 'POST'
          ? route.fulfill({ status: 503, headers: { 'Retry-After': '2' }, contentType: 'application/problem+json', body: '{"code":"media.full"}' })
          : route.continue(),
      );
      await page.getByTestId('play').click();
      await page.locator('[data-testid="player"][data-way="hls"]').waitFor({ timeout: 60_000 });
      const video = page.locator('[data-slot="programme"]');
      const state = () => video.evaluate((v) => ({ at: v.currentTime, width: v.videoWidth, shown: v.getVideoPlaybackQuality().totalVideoFrames }));
      const first = await state();
      const later = await until(async () => {
        const now = await state();
        return now.at > first.at + 5 && now.shown > first.shown + 20 && now;
      }, 'the picture goes on by HLS');
      assert.ok(later.width > 0);
      assert.equal(await page.locator('.over').isVisible(), false, 'something covers the picture');
      full = false;
      await page.locator('[data-testid="player"][data-phase="playing"][data-way="whep"]').waitFor({ timeout: 60_000 });
      await until(async () => (await video.evaluate((v) => v.srcObject !== null && v.videoWidth > 0)), 'the picture comes by WebRTC');
      noFaults(page);
    });
  } finally {
    await server.stop();
  }
});
