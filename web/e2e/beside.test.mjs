// P1 in Chromium: the stage switches side by side on, the conference page and the hall's screen
// show City Hall beside the venue on air, both moving; it is off again without a negotiation,
// and what was decided outlives kill -9.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open, shot, signIn, spotless } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';
import { enter, grows, main } from './lib/venue.mjs';

const hall = 'ba-dinh';

/** Pictures the second place has shown so far. */
const second = (page) => page.locator('video[data-slot="beside"]').evaluate((v) => v.getVideoPlaybackQuality().totalVideoFrames);

/** Waits until both pictures move, side by side or one over the other. */
async function both(page, over = false) {
  await page.getByTestId('second-name').waitFor();
  const before = await second(page);
  await until(async () => (await second(page)) >= before + 5, 'City Hall moves');
  if (page.url().includes('/c/')) await grows(page, 'programme', '');
  const [a, b] = await Promise.all(['programme', 'beside'].map((slot) => page.locator(`video[data-slot="${slot}"]`).boundingBox()));
  const near = (one, other) => Math.abs(one - other) < 3;
  assert.ok(near(a.width, b.width) && near(a.height, b.height), `both are as large: ${JSON.stringify([a, b])}`);
  if (over) assert.ok(b.y >= a.y + a.height - 3 && near(a.x, b.x), `one is over the other: ${JSON.stringify([a, b])}`);
  else assert.ok(b.x >= a.x + a.width - 3 && near(a.y, b.y), `they are side by side: ${JSON.stringify([a, b])}`);
}

const one = (page) => page.getByTestId('second-name').waitFor({ state: 'detached' });

/** A busy machine's small estimates are no weak line: none are told. */
const strong = (page) => page.route('**/whep', (route) => route.continue({ postData: route.request().postData()?.replace(/a=rtcp-fb:\d+ goog-remb\r\n/g, '') }));

/** The conference page of somebody who watches, whose offers are counted. */
async function watch(browser, server) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'vi-VN' });
  await context.addInitScript(() => {
    const Native = RTCPeerConnection;
    window.offers = 0;
    window.RTCPeerConnection = class extends Native {
      setLocalDescription(...args) {
        window.offers += 1;
        return super.setLocalDescription(...args);
      }
    };
  });
  const page = await open(context, `${server.url}/c/dat-dai-2022`);
  await strong(page);
  await page.getByTestId('play').press('Enter');
  await page.locator('[data-testid="player"][data-shows="picture"]').waitFor();
  return page;
}

test('P1 side by side: the stage switches it, the pages show two moving pictures, and one again', async () => {
  const server = await Server.start();
  try {
    await inBrowser('beside', async (browser) => {
      const camera = await enter(browser, server, main, '640x360@8');
      const venue = await enter(browser, server, hall, '640x360@8');
      const stage = await signIn(browser, (await server.links('stage'))[0]);
      const page = await watch(browser, server);
      const control = stage.getByTestId('beside');
      const is = (on) => stage.locator(`[data-testid="beside"][aria-checked="${on}"]`).waitFor();
      await is(false);
      await stage.locator(`[data-tile="${hall}"][data-state="ready"] button`).click();
      await stage.keyboard.press('c');
      await is(true);
      assert.equal(await page.getByTestId('second-name').count(), 0, 'City Hall is on air itself');
      await stage.keyboard.press('g');
      await both(page);
      await spotless(page, 'two pictures', '.watch');
      await spotless(stage, 'the stage, side by side', 'section.floor');
      await shot(stage, 'beside-stage');
      await shot(page, 'beside-1440');
      await page.setViewportSize({ width: 360, height: 780 });
      await both(page, true);
      await spotless(page, 'two pictures at 360 px', '.watch');
      await shot(page, 'beside-360');

      await control.click();
      await is(false);
      await one(page);
      const off = await stage.evaluate(() => performance.now());
      assert.equal(await page.evaluate(() => window.offers), 1, 'nothing was negotiated');

      await stage.waitForFunction((at) => performance.now() > at + 1000, off); // sooner it is taken for a slip
      await control.press('Space');
      await is(true);
      await both(page, true);
      await server.restart();
      await is(true);
      await both(page, true);
      await page.close();

      const screen = await signIn(browser, (await server.links('screen'))[0], { size: { width: 1920, height: 1080 } });
      await strong(screen);
      await both(screen);
      const [top, header] = await Promise.all(['.pictures', 'header'].map((part) => screen.locator(part).boundingBox()));
      assert.ok(top.y >= header.y + header.height - 1, `the pictures are below the title: ${JSON.stringify([header, top])}`);
      await shot(screen, 'beside-screen');
      await stage.keyboard.press('0');
      await one(screen);
      await is(true); // it is a mode
      for (const each of [camera, venue, stage, screen]) noFaults(each);
    });
  } finally {
    await server.stop();
  }
});
