// Lines, stills and who speaks: a hall in Chromium as the stage sees it; and the stage page
// with 126 venues.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open, shot, signIn, spotless } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';
import { enter, grows } from './lib/venue.mjs';

const hall = 'ba-dinh';
const dark = 'cau-giay';
const many = 126;

/** What a hall's page says of its own line. */
const note = (page) => page.getByTestId('line');

/** A hall whose lens is covered and whose microphone hums. */
async function blackAndLoud(browser, server) {
  const link = (await server.links('venue', `--venue=${dark}`))[0];
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'vi-VN', permissions: ['camera', 'microphone'] });
  await context.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
      const pen = canvas.getContext('2d');
      setInterval(() => pen.fillRect(0, 0, 640, 360), 100); // black is what a canvas begins with
      const audio = new AudioContext();
      const sound = audio.createMediaStreamDestination();
      const hum = audio.createOscillator();
      hum.connect(sound);
      hum.start();
      return new MediaStream([...canvas.captureStream(10).getVideoTracks(), ...sound.stream.getAudioTracks()]);
    };
  });
  const page = await open(context, `${link.url}&video=640x360@10`);
  await page.getByTestId('sign-in').click();
  await page.getByTestId('enter').click();
  await page.getByTestId('ready').click();
  return page;
}

/** axe finds nothing, and nothing is wider than the window. */
async function clean(page, name) {
  await shot(page, name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${name}: ${wide} px wider than the window`);
  await spotless(page, name);
}

/** What the stage shows of lines and stills, at a desk in Vietnamese and on a phone in English. */
async function looks(stage, id) {
  await stage.getByTestId('show-lines').click();
  await clean(stage, 'stage-lines-1440-light-vi');
  await stage.setViewportSize({ width: 360, height: 780 });
  await stage.emulateMedia({ colorScheme: 'dark' });
  await stage.getByRole('button', { name: 'English' }).click();
  await stage.locator(`tr[data-line="${id}"]`).getByRole('button').click();
  await stage.getByTestId('line-history').waitFor();
  await clean(stage, 'stage-line-360-dark-en');
  await stage.keyboard.press('Escape');
  await stage.getByTestId('show-all').click();
  await clean(stage, 'stage-wall-360-dark-en');
}

async function lookAt(browser, server) {
  const stage = await signIn(browser, (await server.links('stage'))[0]);
  const venue = await enter(browser, server, hall, '640x360@10');
  const black = await blackAndLoud(browser, server);
  await grows(stage, 'tile', hall);

  // The table has both, in words and with a sign.
  await stage.keyboard.press('l');
  const row = (id) => stage.locator(`tr[data-line="${id}"]`);
  await row(hall).waitFor();
  await until(async () => (await row(dark).textContent()).includes('Máy quay tối đen'), 'the stage is told of the black camera');
  await until(async () => (await note(black).getAttribute('data-signs')).includes('black'), 'the hall is told too');
  assert.match(await black.getByTestId('advice').textContent(), /Mở nắp máy quay/, 'and what to do');
  await stage.getByTestId('only-troubled').check();
  await until(async () => (await stage.locator('tr[data-line]').count()) >= 1 && (await row(dark).count()) === 1, 'only those in trouble');
  await stage.getByTestId('only-troubled').uncheck();
  await until(async () => /^(good|fair|weak)$/.test(await note(venue).getAttribute('data-verdict')), 'the hall has a verdict');
  await until(async () => /Mbit\/s/.test(await row(hall).textContent()), 'figures of the hall');
  await note(black).scrollIntoViewIfNeeded();
  await shot(black, 'venue-black-1440');

  // One line with its history.
  await row(hall).getByRole('button').click();
  await until(async () => Number(await stage.getByTestId('line-history').getAttribute('data-samples')) >= 1, 'a history');
  await stage.keyboard.press('Escape');
  await stage.getByTestId('line-history').waitFor({ state: 'hidden' }); // until then keys are the dialog's

  // The wall shows the hall's still, which is of this moment and nobody else's to see.
  await stage.keyboard.press('a');
  await stage.getByTestId('wall-tile').first().waitFor();
  const tile = stage.locator(`[data-testid="wall-tile"][data-tile="${hall}"]`);
  await until(() => tile.locator('img').evaluate((img) => img.complete && img.naturalWidth === 320), 'the still of the hall');
  const address = new URL(await tile.locator('img').getAttribute('src'), server.url).href;
  const got = await stage.request.get(address);
  assert.equal(got.headers()['cache-control'], 'no-store');
  assert.ok((await got.body()).length <= 20 * 1024, 'a small picture');
  assert.equal((await fetch(address)).status, 401, 'the public gets none');
  assert.equal((await venue.request.get(address)).status(), 403, 'nor does a hall');

  await until(async () => /diemcau_venue_line_grade\{conference="dat-dai-2022",venue="ba-dinh"\} [1-3]/.test(await server.metrics()), 'a metric');
  await looks(stage, hall);
  for (const page of [stage, venue, black]) noFaults(page);
}

/** A conference with 126 venues, of which every line changes every two seconds. */
async function crowd(browser, server) {
  const [{ url }] = await server.links('stage', '--person=Đông');
  const page = await open(await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'vi-VN' }), url);
  const picture = await page.screenshot({ type: 'jpeg', quality: 10, clip: { x: 0, y: 0, width: 320, height: 180 } });
  await page.route(/\/stills\//, (route) => route.fulfill({ contentType: 'image/jpeg', body: picture }));
  await page.routeWebSocket(/\/socket$/, (socket) => {
    const upstream = socket.connectToServer();
    let turn = 0;
    upstream.onMessage((raw) => socket.send(crowded(raw)));
    const timer = setInterval(() => socket.send(JSON.stringify({ type: 'lines', lines: { whole: turn === 0, rows: rows(turn++) } })), 1000);
    timer.unref(); // a page that is closed does not say so
    socket.onClose(() => clearInterval(timer));
  });
  await page.getByTestId('sign-in').click();
  await page.getByTestId('show-lines').click();
  await until(async () => (await page.locator('tr[data-line]').count()) === many, 'a row for each venue');
  // Rows change places all the time, but not under somebody's focus.
  const order = () => page.locator('tr[data-line]').evaluateAll((all) => all.map((row) => row.dataset.line).join());
  const before = await order();
  await until(async () => (await order()) !== before, 'rows change places');
  const button = page.locator('tr[data-line]').nth(5).getByRole('button');
  await button.focus();
  const [held, grade] = [await order(), await page.locator('tr[data-line]').evaluateAll((all) => all.map((row) => row.dataset.grade).join())];
  await until(async () => (await page.locator('tr[data-line]').evaluateAll((all) => all.map((row) => row.dataset.grade).join())) !== grade, 'lines change');
  assert.equal(await order(), held, 'rows keep their places');
  assert.equal(await page.evaluate(() => document.activeElement.closest('tr')?.dataset.line), held.split(',')[5], 'the focus stays');
  const table = await measure(page, '.lines .scroll');
  await shot(page, 'stage-lines-126-1440');
  await page.getByTestId('show-all').click();
  await until(async () => (await page.getByTestId('wall-tile').count()) >= many, 'a tile for each venue');
  await until(() => page.locator('.wall img').evaluateAll((all) => all.length > 100 && all.every((img) => img.complete && img.naturalWidth > 0)), 'all stills');
  const wall = await measure(page, '.venues .space');
  await shot(page, 'stage-wall-126-1440');
  for (const [what, { frames, nodes }] of Object.entries({ table, wall })) {
    const at = (part) => frames[Math.floor((frames.length - 1) * part)].toFixed(1);
    console.log(`${many} venues, ${what}: ${nodes} elements in the document; scrolling, ms a frame: p50 ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)}`);
    assert.ok(nodes < 6000, `${what}: ${nodes} elements`);
  }
  noFaults(page);
}

/** A snapshot with more venues, half of them connected, some with a hand up. */
function crowded(raw) {
  const message = JSON.parse(raw);
  if (message.type === 'lines' || message.type === 'speaking') return JSON.stringify({ type: 'passed' });
  if (message.type !== 'snapshot') return raw;
  const { snapshot } = message;
  for (let i = snapshot.venues.length; i < many + 1; i++) {
    snapshot.conference.venues.push({ id: `xa-${i}`, name: `Xã Số ${i}` });
    snapshot.venues.push({ id: `xa-${i}`, state: 'ready', connected: true, spokenMs: 0 });
  }
  crowded.ids = snapshot.conference.venues.map(({ id }) => id);
  return JSON.stringify(message);
}

function rows(turn) {
  const grades = ['good', 'good', 'good', 'fair', 'weak'];
  return (crowded.ids ?? []).slice(0, many).map((venue, i) => {
    const grade = grades[(i + turn) % grades.length];
    return {
      venue, grade, causes: grade === 'good' ? [] : ['upWeak', 'lossUp'], signs: i % 17 === 0 ? ['silent'] : [], upBits: 100_000 * (i + 1) + turn,
      lossUp: grade === 'weak' ? 0.09 : 0.001, rttMs: 20 + i, width: 640, height: 360, wantedHeight: 720, fps: 30, level: (7 * (i + turn)) % 100, page: true, stillAtMs: 1000 + turn + (i % 10),
    };
  });
}

/** Scrolls to the end and back; how long each frame took, and the elements of the document. */
function measure(page, selector) {
  return page.locator(selector).evaluate(async (box) => {
    const frames = [];
    let last = await new Promise(requestAnimationFrame);
    const steps = 90;
    for (let i = 0; i <= 2 * steps; i++) {
      box.scrollTop = (box.scrollHeight * Math.min(i, 2 * steps - i)) / steps;
      const now = await new Promise(requestAnimationFrame);
      frames.push(now - last);
      last = now;
    }
    frames.sort((a, b) => a - b);
    return { frames, nodes: document.querySelectorAll('*').length };
  });
}

test('the stage sees lines, stills and trouble of its halls; 126 venues stay smooth', async () => {
  const server = await Server.start();
  try {
    await inBrowser('lines', async (browser) => {
      await lookAt(browser, server);
      for (const context of browser.contexts()) await context.close();
      await crowd(browser, server);
    });
  } finally {
    await server.stop();
  }
});
