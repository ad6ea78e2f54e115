// The door of a venue in real Chromium: with the server, and without it.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import encodeQR from 'qr';
import { inBrowser, launch, noFaults, open, shot, spotless } from './lib/browser.mjs';
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

test('R2 a server that hangs is not waited for: the colour comes after 1.5 s, the look is merged once', () =>
  withServer('door-hangs', async (browser, server) => {
    await seats(server, 10);
    const tickets = await people(server, 3);
    const page = await device(browser, server, 'Cửa trước');
    const [online] = await scan(page, tickets.slice(0, 1));
    assert.equal(online.result, 'in');
    assert.equal(await waiting(page), 0, 'the server has it');
    server.process.kill('SIGSTOP');
    try {
      const [slow, next] = await scan(page, tickets.slice(1));
      assert.equal(slow.colour, 'green');
      assert.ok(slow.ms >= 1400, 'the server had its 1.5 s');
      assert.equal(next.colour, 'green');
      assert.ok(next.ms < slow.ms, 'and is not asked again for the next person');
      await mode(page, 'offline');
    } finally {
      server.process.kill('SIGCONT');
    }
    await waits(page, 0);
    await mode(page, 'online');
    const rows = await held(server);
    assert.deepEqual(rows.map((row) => [row.state, row.flagged?.length ?? 0]), Array(3).fill(['checkedIn', 0]), 'the look that was under way when the server hung is there once');
    noFaults(page);
  }));

test('J8 R7 the door by keyboard: fields are left alone, same names told apart, undo, walk-ins, axe', () =>
  withServer('door-looks', door));

async function door(browser, server) {
  await seats(server, 6);
  const names = ['Nguyễn Thị Hoa', 'NGUYỄN THỊ HOÀ', 'Trần Văn Đức'];
  const tickets = await people(server, 3, (n) => ({ name: names[n], commune: ['Cổ Đô', 'Phú Sơn', 'Ba Trại'][n], ...(n === 2 ? { reserved: true } : {}) }));
  const page = await device(browser, server, 'Cửa trước');
  await looks(page, 'door-ready');

  // A scanner types into whatever has the focus: a name that is half typed stays as it was.
  const name = page.getByTestId('walk-in-name');
  await name.fill('Bà Ho');
  await name.evaluate((field, code) => {
    for (const key of code.replaceAll('-', '')) {
      field.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      field.value += key;
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
  }, tickets[0]);
  const verdict = page.getByTestId('verdict');
  await verdict.and(page.locator('[data-colour="green"]')).waitFor();
  await verdict.getByText('Có 2 người trùng tên').waitFor();
  await verdict.getByText('Cổ Đô').waitFor();
  await looks(page, 'door-green');
  await page.keyboard.press('Escape');
  assert.equal(await name.inputValue(), 'Bà Ho', 'the ticket was taken out of the field again');
  await name.focus();
  await page.keyboard.type('a', { delay: 100 });
  assert.equal(await name.inputValue(), 'Bà Hoa', 'and typing goes on');
  await page.keyboard.press('Enter');
  await verdict.getByText('Bà Hoa').waitFor();
  await waits(page, 0);
  await page.keyboard.press('Escape');

  // By hand: the same ticket again, one that is none, one that nobody has.
  for (const [typed, colour, shotName] of [[tickets[0].toLowerCase(), 'yellow', 'door-yellow'], ['1234', 'red', 'door-red']]) {
    await page.getByTestId('ticket').fill(typed);
    await page.keyboard.press('Enter');
    await verdict.and(page.locator(`[data-colour="${colour}"]`)).waitFor();
    await looks(page, shotName);
    await page.keyboard.press('Escape');
  }
  await scan(page, [tickets[1]]);
  await page.keyboard.press('Control+z');
  await verdict.waitFor({ state: 'detached' });
  await until(async () => (await held(server)).find((row) => row.code === tickets[1]).state === 'confirmed', 'the last is taken back');
  await page.locator('[data-testid="counts"][data-come="2"]').waitFor();
  assert.equal(await page.getByTestId('search').count(), 0, 'a registrar does not search by name');

  await page.context().setOffline(true);
  await scan(page, [tickets[2]]);
  await verdict.getByText('Ghế dành riêng').waitFor();
  await page.keyboard.press('Escape');
  await mode(page, 'offline');
  await looks(page, 'door-offline');
  noFaults(page);
  await administrator(browser, server);
}

/** axe in both schemes, and pictures at both widths. */
async function looks(page, name) {
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await spotless(page, `${name}, ${scheme}`);
    await page.setViewportSize({ width: 1440, height: 900 });
    await shot(page, `${name}-1440-${scheme}`);
    await page.setViewportSize({ width: 360, height: 780 });
    await shot(page, `${name}-360-${scheme}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `${name} is ${wide} px wide at 360`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** An administrator searches by name, in English. */
async function administrator(browser, server) {
  const page = await device(browser, server, 'Head of the desk', { role: 'admin', lang: 'en' });
  await page.getByTestId('search').fill('tran duc');
  await page.getByRole('button', { name: 'Let Trần Văn Đức in' }).focus();
  await looks(page, 'door-search');
  await page.keyboard.press('Enter');
  await page.locator('[data-testid="verdict"][data-colour="green"]').waitFor();
  await page.keyboard.press('Escape');
  // The device that was lost is found by its name and revoked.
  const office = await open(page.context(), `${server.url}/admin`);
  const devices = office.getByTestId('devices');
  await devices.getByText('Cửa trước', { exact: true }).waitFor();
  await spotless(office, 'the list of devices', '[data-testid="devices"]');
  await devices.getByRole('button', { name: 'Revoke Cửa trước' }).click();
  await office.getByTestId('revoke-device').click();
  await devices.getByText('Cửa trước', { exact: true }).waitFor({ state: 'detached' });
  assert.deepEqual((await asAdmin(server, 'GET', 'devices')).map((one) => one.label), ['Head of the desk']);
  for (const one of [page, office]) noFaults(one);
}

test('R2 USB scanners: capitals locked, Telex, a Vietnamese layout, Tab, and nothing behind the code', () =>
  withServer('door-scanners', scanners));

async function scanners(browser, server) {
  await seats(server, 8);
  const tickets = await people(server, 6);
  const page = await device(browser, server, 'Cửa trước');
  const keys = await page.context().newCDPSession(page);
  // Keys 4 ms apart, however busy the machine is: the page goes by the events' own time.
  let at = Date.now() / 1000;
  const down = (key, code, more = {}) =>
    keys.send('Input.dispatchKeyEvent', { type: more.text ? 'keyDown' : 'rawKeyDown', key, code, timestamp: (at += 0.004), ...more });
  const plainly = (char) => down(char, /\d/.test(char) ? `Digit${char}` : `Key${char.toUpperCase()}`, { text: char });
  // What the "Vietnamese" layout of Windows makes of the figures' keys; from 5 on they are dead.
  const layout = ['đ', 'ă', 'â', 'ê', 'ô'];
  const kinds = {
    'as it is': { key: plainly },
    'capitals locked, letters of an older paper': { key: (char) => plainly(char.toLowerCase()), code: (ticket) => ticket.replaceAll('-', '') },
    'an input method that hides the keys': { key: (char) => down('Process', `Digit${char}`, { windowsVirtualKeyCode: 229 }) },
    'a Vietnamese layout': { key: (char) => down(layout[char] ?? 'Dead', `Digit${char}`, layout[char] ? { text: layout[char] } : {}) },
    'Tab behind it': { key: plainly, end: 'Tab' },
    'nothing behind it': { key: plainly, end: '' },
  };
  const name = page.getByTestId('walk-in-name');
  const verdict = page.getByTestId('verdict');
  for (const [i, [kind, { key, end = 'Enter', code = inFigures }]] of Object.entries(kinds).entries()) {
    await name.fill('Bà Ho');
    at = Math.max(at + 1, Date.now() / 1000);
    for (const char of code(tickets[i])) await key(char);
    if (end) await down(end, end, end === 'Enter' ? { text: '\r', windowsVirtualKeyCode: 13 } : { windowsVirtualKeyCode: 9 });
    await verdict.and(page.locator(`[data-code="${tickets[i]}"][data-colour="green"]`)).waitFor();
    await page.keyboard.press('Escape');
    await verdict.waitFor({ state: 'detached' });
    assert.equal(await name.inputValue(), 'Bà Ho', `${kind}: the field is as it was`);
  }
  // Telex takes the letters of an older paper apart: nobody is let in, and the page says why.
  await name.fill('');
  await name.blur(); // in a field they may be somebody's name
  at = Math.max(at + 1, Date.now() / 1000);
  for (const [char, text] of [['A', 'A'], ['Backspace'], ['Â', 'Â'], ['Backspace'], ['Ấ', 'Ấ'], ...[...'BCGHJKMNPQ'].map((one) => [one, one])]) await down(char, '', text ? { text } : {});
  await down('Enter', 'Enter', { text: '\r', windowsVirtualKeyCode: 13 });
  await page.getByText('Bộ gõ tiếng Việt', { exact: false }).waitFor();
  noFaults(page);
}

/** A code as its QR symbol has it. */
function inFigures(code) {
  return [...code.replaceAll('-', '')].map((char) => String('0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(char)).padStart(2, '0')).join('');
}

test('R2 the camera reads a ticket’s QR code where the browser has no detector of its own', async () => {
  const server = await Server.start({ args: ['--limits=0'] });
  try {
    await seats(server, 3);
    const [ticket] = await people(server, 1);
    const film = join(server.folder, 'ticket.y4m');
    await writeFile(film, filmOf(inFigures(ticket)));
    const browser = await launch([`--use-file-for-fake-video-capture=${film}`]);
    try {
      const page = await device(browser, server, 'Cửa trước');
      await page.getByTestId('camera').click();
      await page.locator(`[data-testid="verdict"][data-code="${ticket}"][data-colour="green"]`).waitFor();
      await page.keyboard.press('Escape');
      await page.getByTestId('camera').click();
      await page.locator('video').waitFor({ state: 'hidden' });
      noFaults(page);
    } finally {
      await browser.close();
    }
  } finally {
    await server.stop();
  }
});

/** Ten pictures of a QR code, a little aslant, as YUV4MPEG2. */
function filmOf(text) {
  const [width, height, scale] = [640, 480, 7];
  const modules = encodeQR(text, 'raw', { ecc: 'medium' });
  const turn = 0.12;
  const luma = Buffer.alloc(width * height, 200);
  const half = modules.length / 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [(x - width / 2) / scale, (y - height / 2) / scale];
      const column = Math.floor(dx * Math.cos(turn) + dy * Math.sin(turn) + half);
      const row = Math.floor(dy * Math.cos(turn) - dx * Math.sin(turn) + half);
      if (modules[row]?.[column]) luma[y * width + x] = 30;
    }
  }
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((width * height) / 2, 128)]);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420mpeg2\n`), ...Array(10).fill(frame)]);
}
