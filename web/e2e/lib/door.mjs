// What the tests of the door share: people with tickets, a device that is set up, a scanner.
import { randomUUID } from 'node:crypto';
import { signIn } from './browser.mjs';
import { until } from './server.mjs';

export const conference = 'dat-dai-2022';
export const venue = 'ba-vi';

/** Asks the REST interface as the administrator. */
export async function asAdmin(server, method, path, body) {
  server.admin ??= (await server.links('admin'))[0].token;
  const response = await fetch(`${server.url}/api/v1/conferences/${conference}/${path}`, {
    method,
    headers: { Authorization: `Bearer ${server.admin}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : response.json();
}

/** Opens registration with this many seats at the venue. */
export async function seats(server, count) {
  const hour = 3_600_000;
  const at = (hours) => new Date(Date.now() + hours * hour).toISOString();
  const registration = { opensAt: at(-2), closesAt: at(20), doorsAt: at(21), privacy: { version: 'v1', text: 'Chúng tôi giữ tên và số điện thoại.' } };
  await asAdmin(server, 'POST', 'registration', { registration, seats: [{ venue, seats: count, reserved: 1 }] });
}

/** Registers people at the venue; resolves to their tickets in the same order. */
export async function people(server, count, fields = () => ({})) {
  const tickets = [];
  for (let from = 0; from < count; from += 20) {
    const some = Array.from({ length: Math.min(20, count - from) }, async (_, i) => {
      const n = from + i;
      const body = { idempotencyKey: `somebody-${randomUUID()}`, name: `Nguyễn Thị Hoa ${n}`, phone: `0912${String(n).padStart(6, '0')}`, commune: 'Xã Cổ Đô', venue, consents: { privacy: 'v1' }, ...fields(n) };
      return (await asAdmin(server, 'POST', 'registrations/desk', body)).code;
    });
    tickets.push(...(await Promise.all(some)));
  }
  return tickets;
}

/** A device of the venue: signed in, set up, the page itself kept for when the network is gone. */
export async function device(browser, server, label, { role = 'registrar', ...looks } = {}) {
  const link = role === 'registrar' ? await asAdmin(server, 'POST', 'links', { role, venue, person: label }) : (await server.links(role))[0];
  if (role !== 'registrar') link.url = link.url.replace('/admin#', '/desk#');
  const page = await signIn(browser, link, looks);
  await openDoor(page);
  await page.getByTestId('door-venue').selectOption(venue, { force: true }).catch(() => undefined);
  await page.getByTestId('door-label').fill(label);
  await page.getByTestId('door-set-up').click();
  await mode(page, 'online');
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }));
  });
  return page;
}

/** Shows the door's tab. */
export async function openDoor(page) {
  await page.getByTestId('tab-door').click();
}

export const mode = (page, what) => page.locator(`[data-testid="mode"][data-mode="${what}"]`).waitFor();
export const waiting = async (page) => Number(await page.getByTestId('mode').getAttribute('data-waiting'));
export const waits = (page, count) => page.locator(`[data-testid="mode"][data-waiting="${count}"]`).waitFor();

/**
 * Scans tickets one after the other as a USB scanner does, each when the colour of the one
 * before is there. Resolves to [{colour, result, ms}], ms from the Enter to the painted colour.
 */
export function scan(page, codes) {
  return page.evaluate(async (all) => {
    const said = [];
    const looks = () => Number(document.querySelector('[data-testid="verdict"]')?.dataset.looks ?? -1);
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    for (const code of all) {
      const before = looks();
      const target = document.activeElement ?? document.body;
      for (const key of [...code.replaceAll('-', ''), 'Enter']) target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      const began = performance.now();
      await new Promise((done) => {
        const look = () => {
          const shown = document.querySelector('[data-testid="verdict"]');
          if (!shown || looks() === before || shown.dataset.code !== code) return;
          observer.disconnect();
          done();
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { subtree: true, childList: true, attributes: true });
        look();
      });
      await painted();
      const { colour, result } = document.querySelector('[data-testid="verdict"]').dataset;
      said.push({ colour, result, ms: performance.now() - began });
    }
    return said;
  }, codes);
}

/** The renderer of a page dies, as when the system is short of memory. */
export async function crash(page) {
  const gone = new Promise((done) => page.once('crash', done));
  const session = await page.context().newCDPSession(page);
  session.send('Page.crash').catch(() => undefined);
  await gone;
  await page.close();
}

/** What is in the device's store: whether it has key and list, and how many rows. */
export function stored(page) {
  return page.evaluate(
    () =>
      new Promise((done, failed) => {
        const open = indexedDB.open('diemcau.door');
        open.onerror = () => failed(open.error);
        open.onsuccess = () => {
          const all = open.result.transaction(['device', 'rows']);
          const kept = all.objectStore('device').get('this');
          const rows = all.objectStore('rows').getAll();
          all.oncomplete = () => {
            const exportable = kept.result?.key?.extractable;
            done({ key: Boolean(kept.result?.key), exportable, list: Boolean(kept.result?.list), revoked: kept.result?.revoked, rows: rows.result });
            open.result.close();
          };
        };
      }),
  );
}

/** Everybody at the venue, as the record has them. */
export async function held(server) {
  return until(() => asAdmin(server, 'GET', `registrations?venue=${venue}`), 'the list of registrations');
}
