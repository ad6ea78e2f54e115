// J8: the player as people meet it: what it says when there is no picture, at the widths they
// have, light and dark, in both languages, by keyboard; and that it comes back by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open, shot, spotless } from './lib/browser.mjs';
import { underWay } from './lib/late.mjs';
import { Server, until } from './lib/server.mjs';
import { signIn, StrangerClient } from './lib/stranger-client.mjs';

const whep = (status, code) => (route) =>
  route.request().method() === 'POST'
    ? route.fulfill({ status, headers: { 'Retry-After': '300' }, contentType: 'application/problem+json', body: JSON.stringify({ code }) })
    : route.continue();
const nothing = (route) => route.fulfill({ status: 404, contentType: 'application/problem+json', body: '{"code":"live.none"}' });
const says = (page, what) => page.locator(`[data-testid="player"][data-shows="${what}"]`).waitFor();

/** The conference page of a reader, with its player open. */
async function reader(browser, server, { width = 360, dark = false, lang = 'vi', before = () => undefined } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 780 : 900 }, colorScheme: dark ? 'dark' : 'light', locale: lang === 'vi' ? 'vi-VN' : 'en-GB',
  });
  await context.addInitScript((code) => localStorage.setItem('diemcau.lang', code), lang);
  const page = await open(context, `${server.url}/c/dat-dai-2022`);
  await before(page);
  await page.getByTestId('play').press('Enter');
  return page;
}

/** Fails when something of the player is wider than it, or too small for a finger. */
async function fits(page) {
  const odd = await page.getByTestId('player').evaluate((player) => {
    const edge = player.getBoundingClientRect();
    const controls = [...player.querySelectorAll('.controls > *, .controls select')];
    return controls.filter((one) => one.getBoundingClientRect().right > edge.right + 1).map((one) => `wide: ${one.outerHTML.slice(0, 80)}`).concat(
      [...player.querySelectorAll('button, select')].filter((one) => one.getBoundingClientRect().height < 44).map((one) => `small: ${one.outerHTML.slice(0, 80)}`),
    );
  });
  assert.deepEqual(odd, []);
}

test('J8 the player: every state is said, axe finds nothing at 360 and 1440 px, light and dark', async () => {
  const server = await Server.start();
  try {
    await inBrowser('player', async (browser) => {
      await underWay(server);
      const looks = [
        { what: 'picture', width: 360, dark: false, lang: 'vi', before: (page) => page.route('**/whep', whep(503, 'media.full')) },
        { what: 'picture', width: 360, dark: true, lang: 'en' },
        { what: 'picture', width: 1440, dark: false, lang: 'en' },
        { what: 'picture', width: 1440, dark: true, lang: 'vi', before: (page) => page.route('**/whep', whep(503, 'media.full')) },
        { what: 'waiting', width: 360, dark: true, lang: 'vi', before: (page) => page.route('**/whep', whep(404, 'media.closed')) },
        { what: 'loading', width: 1440, dark: true, lang: 'en', before: (page) => page.route('**/whep', () => undefined) },
        {
          what: 'full', width: 360, dark: false, lang: 'en',
          before: async (page) => {
            await page.route('**/whep', whep(503, 'media.full'));
            await page.route('**/live/**', nothing);
          },
        },
        {
          what: 'no_h264', width: 1440, dark: false, lang: 'vi',
          before: async (page) => {
            await page.route('**/whep', whep(406, 'media.no_h264'));
            await page.route('**/live/**', nothing);
          },
        },
      ];
      for (const look of looks) {
        const page = await reader(browser, server, look);
        await says(page, look.what);
        const name = `player-${look.what}-${look.width}-${look.dark ? 'dark' : 'light'}-${look.lang}`;
        if (look.what !== 'picture') assert.ok((await page.locator('.over').innerText()).length > 10, `${name} says nothing`);
        await fits(page);
        await spotless(page, name, '.watch');
        await shot(page, name);
        noFaults(page);
        await page.context().close();
      }
    });
  } finally {
    await server.stop();
  }
});

test('J8 the player by keyboard: sound, quality, subtitles when there are any, full screen', async () => {
  const server = await Server.start();
  try {
    await inBrowser('keys', async (browser) => {
      const page = await reader(browser, server, { width: 1440 });
      await says(page, 'picture');
      const focused = () => page.evaluate(() => document.activeElement?.dataset.testid ?? '');
      await page.getByTestId('player-sound').focus();
      const order = [];
      for (let i = 0; i < 4; i++) {
        order.push(await focused());
        await page.keyboard.press('Tab');
      }
      assert.deepEqual(order.slice(0, 2), ['player-sound', 'player-quality']);
      assert.ok(order.includes('player-wide'), `full screen is reached: ${order}`);
      const video = page.locator('[data-slot="programme"]');
      const muted = () => video.evaluate((v) => v.muted);
      const before = await muted();
      await page.getByTestId('player-sound').press('Enter');
      assert.equal(await muted(), !before, 'one key turns the sound on or off');

      assert.equal(await page.getByTestId('player-subtitles').count(), 0, 'without subtitles there is no menu');
      await video.evaluate((v) => void v.addTextTrack('subtitles', 'Tiếng Việt', 'vi'));
      await page.getByTestId('player-subtitles').selectOption({ label: 'Tiếng Việt' });
      assert.equal(await video.evaluate((v) => v.textTracks[0].mode), 'showing');
      await spotless(page, 'the player with subtitles', '.watch');

      await page.getByTestId('player-wide').press('Enter');
      await until(() => page.evaluate(() => document.fullscreenElement !== null), 'full screen');
      await spotless(page, 'the player full screen', '.player');
      await shot(page, 'player-wide');
      await page.getByTestId('player-wide').press('Enter');
      await until(() => page.evaluate(() => document.fullscreenElement === null), 'no more full screen');
      noFaults(page);
    });
  } finally {
    await server.stop();
  }
});

test('J8 the player without a network says so and goes on by itself, and says when the conference has ended', async () => {
  const server = await Server.start();
  try {
    await inBrowser('ended', async (browser) => {
      await underWay(server);
      const page = await reader(browser, server, { before: (one) => one.route('**/whep', whep(503, 'media.full')) });
      await says(page, 'picture');
      await page.context().setOffline(true);
      await says(page, 'offline');
      await spotless(page, 'the player offline', '.watch');
      await shot(page, 'player-offline-360');
      await page.context().setOffline(false);
      await says(page, 'picture');
      const admin = await new StrangerClient(server.url, { role: 'admin', cookie: await signIn(server, 'admin') }).connect();
      assert.equal((await admin.command('conference.close', {})).error, undefined);
      await says(page, 'ended');
      await spotless(page, 'the player at the end', '.watch');
      await shot(page, 'player-ended-360');
      noFaults(page);
      await admin.cut();
    });
  } finally {
    await server.stop();
  }
});
