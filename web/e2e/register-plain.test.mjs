// R7: the form and the ticket with JavaScript switched off.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, shot, spotless } from './lib/browser.mjs';
import { counts, errand, fits, kept, phone, place, setRegistration } from './lib/registration.mjs';
import { Server } from './lib/server.mjs';

test('R7 without script: errors come back at their fields with what was typed, then there is a ticket', async () => {
  const server = await Server.start();
  try {
    await setRegistration(server);
    await inBrowser('register-plain', (browser) => plain(browser, server));
  } finally {
    await server.stop();
  }
});

async function plain(browser, server) {
  const page = await phone(browser, `${server.url}/c/${place}/register`, { javaScriptEnabled: false });
  await page.locator('#name').waitFor();
  assert.equal(await page.locator('input:checked').count(), 0, 'nothing is ticked beforehand');
  await fits(page, 'the form without script');
  await shot(page, 'register-plain-360');
  await page.locator('#name').fill('Bà <Hoa> & "cháu"');
  await page.locator('#phone').fill('09123');
  await page.locator('#question').fill('Bao giờ được cấp sổ?');
  await page.locator('#venue-ba-vi').check();
  await page.getByRole('button', { name: 'Đăng ký', exact: true }).click();
  await page.locator('#problem').waitFor();
  assert.ok(await page.locator('#problem').evaluate((one) => one === document.activeElement), 'the summary has the focus');
  assert.equal(await page.locator('#problem a').count(), 3, 'number, topic and consent are wrong');
  for (const field of ['phone', 'topic', 'consentPrivacy']) {
    assert.equal(await page.locator(`#${field}`).getAttribute('aria-describedby'), `${field}-error`);
    assert.notEqual(await page.locator(`#${field}-error`).textContent(), '');
  }
  assert.equal(await page.locator('#name').inputValue(), 'Bà <Hoa> & "cháu"');
  assert.equal(await page.locator('#question').inputValue(), 'Bao giờ được cấp sổ?');
  assert.ok(await page.locator('#venue-ba-vi').isChecked());
  await fits(page, 'the form again');
  await shot(page, 'register-plain-errors-360');
  await page.locator('#problem a').first().press('Enter');
  assert.match(page.url(), /#phone$/);
  await page.locator('#phone').fill('0912345640');
  await page.locator('#topic').selectOption({ index: 1 });
  await page.locator('#consentPrivacy').check();
  await page.getByRole('button', { name: 'Đăng ký', exact: true }).click();
  await page.getByText('Bạn đã có chỗ ngồi.').waitFor();
  assert.match(page.url(), /\/ticket\?lang=vi$/, 'no code in the address');
  const code = await page.locator('#ticket-code').textContent();
  assert.equal((await counts(server, 'ba-vi')).confirmed, 1);
  await fits(page, 'the ticket without script');
  await shot(page, 'ticket-plain-360');
  await kept(page, 'Thêm vào lịch (.ics)', /^BEGIN:VCALENDAR/);
  await kept(page, 'Tải vé để in (PDF)', /^%PDF-/);
  await errands(browser, server, code);
}

/** What a ticket is good for, on a device that only has its code. */
async function errands(browser, server, code) {
  const page = await phone(browser, `${server.url}/ticket`, { javaScriptEnabled: false, lang: 'en' });
  await page.locator('#code').fill(code.toLowerCase());
  await page.keyboard.press('Enter');
  await page.getByText('You have a seat.').waitFor();
  await page.locator('#phone').fill('0900000000');
  await page.getByRole('button', { name: 'See, correct, erase my data' }).click();
  await page.locator('#problem').waitFor();
  await page.locator('#phone').fill('0912345640');
  await page.getByRole('button', { name: 'See, correct, erase my data' }).click();
  assert.equal(await page.locator('#name').inputValue(), 'Bà <Hoa> & "cháu"');
  await page.locator('#name').fill('Bà Hòa');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Your data were corrected.').waitFor();
  assert.equal((await errand(server, 'mine', { code, phone: '0912345640' })).person.name, 'Bà Hòa');
  await shot(page, 'ticket-plain-mine-360');
  await page.getByRole('link', { name: 'Tiếng Việt' }).click();
  await page.locator('#phone').fill('0912345640');
  await page.locator('select#venue').selectOption('ba-dinh');
  await page.getByRole('button', { name: 'Đổi', exact: true }).click();
  await page.getByText('Đã đổi nơi tham dự.', { exact: false }).waitFor();
  await page.locator('#phone').fill('0912345640');
  await page.getByRole('button', { name: 'Hủy đăng ký' }).click();
  await page.getByText('Đã hủy đăng ký.').waitFor();
  await page.getByRole('button', { name: 'Cất vé, xem vé khác' }).click();
  await page.locator('#code').waitFor();
  await looks(browser, server);
}

/** axe needs script: the same pages are looked at with the page's own scripts kept away. */
async function looks(browser, server) {
  for (const [lang, dark] of [['vi', false], ['en', true], ['en', false], ['vi', true]]) {
    const page = await phone(browser, `${server.url}/ca`, { lang, dark });
    await page.route('**/assets/*.js', (route) => route.abort());
    await page.goto(`${server.url}/c/${place}/register`);
    await page.locator('#name').waitFor();
    await spotless(page, `the form without script, ${lang}`);
    await page.getByRole('button', { name: lang === 'vi' ? 'Đăng ký' : 'Register', exact: true }).click();
    await page.locator('#problem').waitFor();
    await spotless(page, `the form without script, again, ${lang}`);
    await page.goto(`${server.url}/ticket`);
    await page.locator('#code').waitFor();
    await spotless(page, `the ticket without script, ${lang}`);
    await page.context().close();
  }
}

test('R7 what was typed before the script came is taken over by it', async () => {
  const server = await Server.start();
  try {
    await setRegistration(server);
    await inBrowser('register-late', async (browser) => {
      const page = await phone(browser, `${server.url}/ca`);
      let go;
      const gate = new Promise((resolve) => {
        go = resolve;
      });
      await page.route('**/assets/register-*.js', async (route) => {
        await gate;
        await route.continue();
      });
      await page.goto(`${server.url}/c/${place}/register`, { waitUntil: 'commit' });
      await page.locator('#name').fill('Lê Thị Muộn');
      await page.locator('#venue-online').check();
      await page.locator('#commune').focus();
      go();
      await page.getByTestId('register-form').waitFor();
      assert.equal(await page.locator('[name=name]').inputValue(), 'Lê Thị Muộn');
      assert.ok(await page.locator('[name=place][value=online]').isChecked());
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'commune', 'the hand stays where it was');
      assert.equal(await page.locator('main').count(), 1, 'there is one form');
    });
  } finally {
    await server.stop();
  }
});
