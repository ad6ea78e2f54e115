// Opens and changes the registration of the demonstration's conference, and registers people
// as a program does.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { open } from './browser.mjs';

export const place = 'dat-dai-2022';
const hour = 3_600_000;
const at = (ms) => new Date(Date.now() + ms).toISOString();

/** Sets when and how people register; Ba Vì has `seats`, Ba Đình 40, or with `alone` nowhere else is registered for. */
export async function setRegistration(server, { seats = 40, alone = false, ...changes } = {}) {
  server.admin ??= (await server.links('admin'))[0].token;
  const registration = {
    opensAt: at(-hour), closesAt: at(20 * hour), doorsAt: at(24 * hour), offerMs: 24 * hour,
    invitation: 'Trân trọng kính mời ông, bà tới dự.', invitationEn: 'You are invited.',
    privacy: { version: 'v1', text: 'Chúng tôi giữ họ tên, số điện thoại cho hội nghị này.', textEn: 'Name and number are kept for this conference.' },
    ...changes,
  };
  const { venues = [] } = await (await fetch(`${server.url}/api/v1/conferences/${place}/registration`)).json();
  const elsewhere = alone ? venues.filter((one) => one.id !== 'ba-vi').map((one) => ({ venue: one.id, seats: 0 })) : [{ venue: 'ba-dinh', seats: 40 }];
  const response = await fetch(`${server.url}/api/v1/conferences/${place}/registration`, {
    method: 'POST', headers: { authorization: `Bearer ${server.admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({ registration, seats: [{ venue: 'ba-vi', seats }, ...elsewhere] }),
  });
  assert.equal(response.status, 200, await response.text());
  return registration;
}

/** Registers somebody; resolves to the receipt. */
export async function registered(server, phone, more = {}) {
  const response = await fetch(`${server.url}/api/v1/conferences/${place}/registrations`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ idempotencyKey: randomUUID(), name: 'Trần Văn Bình', phone, venue: 'ba-vi', consents: { privacy: 'v1' }, ...more }),
  });
  assert.equal(response.status, 201, await response.clone().text());
  return response.json();
}

/** What a holder asks of a ticket. */
export async function errand(server, path, body) {
  const response = await fetch(`${server.url}/api/v1/registrations/${path}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  return { status: response.status, ...(await response.json()) };
}

/** How many registered, as the administrator counts. */
export async function counts(server, venue) {
  const response = await fetch(`${server.url}/api/v1/conferences/${place}/registrations/counts`, { headers: { authorization: `Bearer ${server.admin}` } });
  return (await response.json()).find((one) => one.venue === venue);
}

/** A phone of somebody, 360 px wide. */
export async function phone(browser, path, { lang = 'vi', dark = false, width = 360, ...more } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: width === 360 ? 780 : 900 }, locale: lang === 'vi' ? 'vi-VN' : 'en-GB', colorScheme: dark ? 'dark' : 'light', ...more,
  });
  return open(context, path);
}

/** Nothing is wider than the window, and what is tapped is 44 px high. */
export async function fits(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${where}: ${wide} px wider than the window`);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('main :is(button, select, textarea, input:not([type=hidden], [type=radio], [type=checkbox]), label:has(input)), main .plain-choice')]
      .filter((one) => one.checkVisibility() && !one.classList.contains('visually-hidden'))
      .filter((one) => one.getBoundingClientRect().height < 43.5)
      .map((one) => one.outerHTML.slice(0, 120)),
  );
  assert.deepEqual(small, [], `${where}: smaller than 44 px`);
}


/** Presses a button that gives a file, and looks at how the file begins. */
export async function kept(page, button, begins) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).press('Enter')]);
  assert.match(await readFile(await download.path(), 'latin1'), begins);
}
