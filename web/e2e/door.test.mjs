// The door of a venue in real Chromium: with the server, and without it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open } from './lib/browser.mjs';
import { asAdmin, crash, device, held, mode, openDoor, people, scan, seats, stored, waiting, waits } from './lib/door.mjs';
import { Server, until } from './lib/server.mjs';

const BOTH = 20; // people who are scanned on both devices
const EACH = 150; // scans of a device

async function withServer(name, what) {
  const server = await Server.start({ args: ['--limits=0'] });
  try {
    await inBrowser(name, (browser) => what(browser, server));
  } finally {
    await server.stop();
  }
}

test('R2 two devices offline, a tab killed, the server stopped: every check-in is there once, 20 are flagged, order kept', () =>
  withServer('door-offline', twoDevices));

async function twoDevices(browser, server) {
  const count = 2 * EACH - BOTH;
  await seats(server, count + 10);
  const tickets = await people(server, count);
  let a = await device(browser, server, 'Cửa trước');
  // The second device's clock is ten minutes fast; it is told so, and its times are put right.
  const b = await device(browser, server, 'Cửa sau', { before: fastClock });
  await b.getByTestId('clock-wrong').waitFor();
  const shared = tickets.slice(EACH - BOTH, EACH);
  const ofA = tickets.slice(0, EACH);
  const ofB = [...tickets.slice(EACH), ...shared];

  await a.context().setOffline(true);
  await b.context().setOffline(true);
  const half = EACH / 2;
  const first = await scan(a, ofA.slice(0, half));
  assert.deepEqual(new Set(first.map((one) => one.colour)), new Set(['green']), 'without a network every holder of a ticket comes in');
  await mode(a, 'offline');
  const context = a.context();
  await crash(a);
  a = await open(context, `${server.url}/desk`);
  await waits(a, half);
  await mode(a, 'offline');
  const [again] = await scan(a, [ofA[half - 1]]);
  assert.equal(again.result, 'again', 'the tab that was killed had shown the last colour, and it is remembered');
  await a.keyboard.press('Escape');
  const second = await scan(a, ofA.slice(half));
  assert.ok(second.every((one) => one.colour === 'green'));

  // The second device works while the server is stopped, and is loaded again without it.
  await server.kill();
  await b.context().setOffline(false);
  const away = await scan(b, ofB.slice(0, half));
  assert.ok(away.every((one) => one.colour === 'green'));
  await b.reload();
  await waits(b, half);
  const rest = await scan(b, ofB.slice(half));
  assert.ok(rest.every((one) => one.colour === 'green'), 'the shared tickets too: neither device knows of the other');
  assert.equal(await waiting(b), EACH);

  await server.spawn();
  await b.keyboard.press('Escape');
  await waits(b, 0);
  await mode(b, 'online');
  await a.context().setOffline(false);
  await waits(a, 0);
  await mode(a, 'online');

  const rows = await held(server);
  assert.equal(rows.filter((row) => row.state === 'checkedIn').length, count, 'everybody is in, once');
  const byCode = new Map(rows.map((row) => [row.code, row]));
  const flagged = shared.map((code) => byCode.get(code).flagged ?? []);
  assert.ok(flagged.every((looks) => looks.length === 1), 'each shared ticket has one look too many');
  // The look of the first device at the last ticket before the crash was one too many as well.
  const others = rows.filter((row) => row.flagged && !shared.includes(row.code));
  assert.deepEqual(others.map((row) => row.code), [ofA[half - 1]]);
  const devices = await asAdmin(server, 'GET', 'devices');
  const idOf = (label) => devices.find((one) => one.label === label).device;
  assert.deepEqual(new Set(flagged.flat().map((look) => look.device)), new Set([idOf('Cửa sau')]), 'the earliest look counts, though it was merged last');
  for (const mine of [ofA, ofB.slice(0, EACH - BOTH)]) {
    const times = mine.map((code) => Date.parse(byCode.get(code).checkedInAt));
    assert.deepEqual(times, times.toSorted((x, y) => x - y), 'in the order of the scans');
  }
  const last = Date.parse(byCode.get(ofB[0]).checkedInAt);
  assert.ok(Math.abs(last - Date.now()) < 9 * 60_000, 'the fast clock is put right');
  assert.equal(Number(await a.getByTestId('flagged').getAttribute('data-count')), BOTH + 1, 'who merged last is told of the 20, and of the one');

  await revoked(server, a, idOf('Cửa trước'), ofA[0]);
  for (const page of [a, b]) noFaults(page);
}

/** Runs in the page, before anything of it. */
function fastClock() {
  const real = Date.now.bind(Date);
  Date.now = () => real() + 10 * 60_000;
}

/** A lost device: at its next contact list and key are gone, and it says nothing to a ticket. */
async function revoked(server, page, id, code) {
  const before = await stored(page);
  assert.ok(before.key && before.list && !before.exportable, 'list and key are there, and the key cannot be read');
  await page.keyboard.press('Escape');
  await asAdmin(server, 'DELETE', `devices/${id}`);
  void scan(page, [code]).catch(() => undefined); // a look is a contact; its colour never comes
  await page.locator('[data-testid="door-over"][data-why="revoked"]').waitFor();
  const after = await stored(page);
  assert.deepEqual([after.key, after.list, after.revoked], [false, false, 'revoked']);
  await page.reload();
  await page.locator('[data-testid="door-over"][data-why="revoked"]').waitFor();
  assert.equal(await page.getByTestId('ticket').count(), 0, 'it is no door any more');
}
