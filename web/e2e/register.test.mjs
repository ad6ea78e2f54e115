// R7: citizens register for a seat, with script: by keyboard alone, with a code sent to the
// telephone, through a network that goes away; the ticket; their data.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, shot, spotless } from './lib/browser.mjs';
import { counts, errand, fits, kept, phone, place, registered, setRegistration } from './lib/registration.mjs';
import { Server, until } from './lib/server.mjs';

const words = 'Bao giờ gia đình tôi được cấp sổ đỏ?';

async function withServer(name, what) {
  const server = await Server.start();
  try {
    await setRegistration(server);
    await inBrowser(name, (browser) => what(browser, server));
  } finally {
    await server.stop();
  }
}

const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute('name') ?? document.activeElement?.dataset.testid ?? '');

/** Tabs on until the field has the focus. */
async function tabTo(page, name) {
  for (let i = 0; i < 40; i += 1) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`the keyboard does not reach ${name}`);
}

test('R7 somebody registers by the keyboard alone, is told what is missing, and gets a ticket', () =>
  withServer('register', async (browser, server) => {
    const page = await phone(browser, `${server.url}/c/${place}/register`);
    const form = page.getByTestId('register-form');
    await form.waitFor();
    assert.equal(await form.locator('input:checked').count(), 0, 'nothing is ticked beforehand');
    await shot(page, 'register-360');
    await tabTo(page, 'name');
    await page.keyboard.press('Enter');
    await page.getByTestId('summary').waitFor();
    assert.equal(await focused(page), 'summary', 'the eye goes to what is wrong');
    assert.equal(await page.getByTestId('summary').locator('a').count(), 4, 'name, number, place and consent are missing');
    await spotless(page, 'the form with errors');
    await fits(page, 'the form with errors');
    await shot(page, 'register-errors-360');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await focused(page), 'name', 'a complaint leads to its field');
    await page.keyboard.type('Nguyễn Thị Hoa');
    await page.keyboard.press('Tab');
    await page.keyboard.type('091234');
    await page.keyboard.press('Tab');
    const number = page.locator('[name=phone]');
    await page.getByText('Số điện thoại chưa đúng', { exact: false }).first().waitFor();
    assert.equal(await number.getAttribute('aria-invalid'), 'true');
    const described = (await number.getAttribute('aria-describedby')).split(' ');
    assert.match(await page.locator(`[id="${described.at(-1)}"]`).textContent(), /chưa đúng/, 'the error describes its field');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('End');
    await page.keyboard.type('5678');
    await page.getByText('Sẽ ghi là +84912345678.').waitFor();
    await tabTo(page, 'commune');
    await page.keyboard.type('Xã Cổ Đô');
    await tabTo(page, 'place');
    await page.keyboard.press('Space');
    await tabTo(page, 'venue');
    const venue = page.locator('select[name=venue]');
    for (let i = 0; i < 40 && (await venue.inputValue()) !== 'ba-vi'; i += 1) await page.keyboard.press('ArrowDown');
    await page.getByTestId('seats').getByText('Còn 40 trong 40 chỗ.').waitFor();
    await tabTo(page, 'topic');
    await page.keyboard.press('ArrowDown');
    await tabTo(page, 'question');
    await page.keyboard.type(words);
    await tabTo(page, 'privacy');
    await page.keyboard.press('Space');
    await tabTo(page, 'mayName');
    await page.keyboard.press('Space');
    await spotless(page, 'the form filled in');
    await shot(page, 'register-filled-360');
    await page.locator('form [type=submit]').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/ticket#/);
    await page.getByTestId('standing').getByText('Bạn đã có chỗ ngồi').waitFor();
    const code = (await page.getByTestId('ticket-code').textContent()).trim();
    assert.match(code, /^[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}$/);
    await page.getByTestId('qr').waitFor();
    await spotless(page, 'the ticket');
    await fits(page, 'the ticket');
    await shot(page, 'ticket-360');
    await kept(page, 'Thêm vào lịch (.ics)', /^BEGIN:VCALENDAR/);
    await kept(page, 'Tải vé để in (PDF)', /^%PDF-/);
    const mine = await errand(server, 'mine', { code, phone: '0912345678' });
    assert.equal(mine.person.name, 'Nguyễn Thị Hoa');
    assert.equal(mine.venue, 'ba-vi');
    assert.deepEqual(mine.consents.map((one) => [one.purpose, one.version]).sort(), [['name', 'v1'], ['privacy', 'v1']]);
    assert.ok(mine.question, 'the question came along');
    assert.doesNotMatch(await page.evaluate(() => JSON.stringify(localStorage)), /Nguyễn|912345678/, 'nothing of the person stays on the device');
    // The next on this device gets an empty form, and the way to the first one's ticket.
    await page.goto(`${server.url}/c/${place}/register`);
    await page.getByTestId('kept-ticket').waitFor();
    assert.equal(await page.locator('[name=name]').inputValue(), '');
    noFaults(page);
  }));

test('R7 what was typed outlives a reload, and what is sent outlives the network: once', () =>
  withServer('register-offline', async (browser, server) => {
    const page = await phone(browser, `${server.url}/c/${place}/register`);
    await fill(page, '0912 345 601');
    await page.reload();
    await page.getByTestId('register-form').waitFor();
    assert.equal(await page.locator('[name=name]').inputValue(), 'Lê Văn An', 'the draft is kept');
    assert.ok(await page.locator('[name=privacy]').isChecked());
    await page.context().setOffline(true);
    await page.getByTestId('offline').waitFor();
    await page.locator('form [type=submit]').click();
    await page.getByText('Chưa gửi được. Nội dung được giữ trên máy này', { exact: false }).waitFor();
    await spotless(page, 'the form while it waits for the network');
    await shot(page, 'register-offline-360');
    // The first answer is lost on its way: the server has it, the page does not know.
    let lost = 0;
    await page.route('**/registrations', async (route) => {
      if (lost > 0) {
        await route.continue();
        return;
      }
      lost += 1;
      await route.fetch();
      await route.abort('connectionreset');
    });
    await page.context().setOffline(false);
    await page.waitForURL(/\/ticket#/);
    await page.getByTestId('ticket-code').waitFor();
    assert.equal(lost, 1, 'one answer was lost');
    assert.equal((await counts(server, 'ba-vi')).confirmed, 1, 'registered once');
    noFaults(page);
  }));

test('R7 a registration under way when the page was closed is sent on by the next', () =>
  withServer('register-closed', async (browser, server) => {
    const page = await phone(browser, `${server.url}/c/${place}/register`);
    await fill(page, '0912345602');
    await page.route('**/registrations', async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    const sent = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/registrations'));
    await page.locator('form [type=submit]').click();
    await sent;
    const next = await page.context().newPage();
    await page.close();
    await next.goto(`${server.url}/c/${place}/register`);
    await next.waitForURL(/\/ticket#/);
    await next.getByTestId('standing').waitFor();
    assert.equal((await counts(server, 'ba-vi')).confirmed, 1, 'registered once');
  }));

test('R7 with a code sent to the telephone', () =>
  withServer('register-code', async (browser, server) => {
    await setRegistration(server, { verifyPhone: true, askIdNumber: true });
    const page = await phone(browser, `${server.url}/c/${place}/register`);
    await fill(page, '0912345603');
    await page.locator('[name=idNumber]').fill('001202012345');
    await page.locator('form [type=submit]').click();
    await page.getByTestId('summary').getByText('Xin nhập mã xác nhận gồm 6 chữ số.').waitFor();
    await page.getByRole('button', { name: 'Gửi mã xác nhận' }).click();
    await page.getByTestId('code-sent').getByText('+84912345603').waitFor();
    const sent = await until(() => /(?<!\d)\d{6}(?!\d)/.exec(server.log.split('\n').filter((line) => line.includes('912345603')).join('\n')), 'the console has the code');
    const wrong = sent[0] === '000000' ? '111111' : '000000';
    await page.locator('[name=code]').fill(wrong);
    await page.locator('form [type=submit]').click();
    await page.getByTestId('summary').getByText('Mã xác nhận không đúng', { exact: false }).waitFor();
    await spotless(page, 'the form with a wrong code');
    await fits(page, 'the form with a code');
    await shot(page, 'register-code-360');
    assert.doesNotMatch(await page.evaluate(() => JSON.stringify(localStorage)), /001202012345/, 'the number of the paper is not kept');
    await page.locator('[name=code]').fill(sent[0]);
    await page.locator('form [type=submit]').click();
    await page.waitForURL(/\/ticket#/);
    const code = (await page.getByTestId('ticket-code').textContent()).trim();
    assert.equal((await errand(server, 'mine', { code, phone: '0912345603' })).person.idNumber, '001202012345');
    noFaults(page);
  }));

test('R7 a full venue: the waiting list, the offer, another venue, and giving it up', () =>
  withServer('register-waiting', async (browser, server) => {
    await setRegistration(server, { seats: 1 });
    const first = await registered(server, '0912345610');
    const page = await phone(browser, `${server.url}/c/${place}/register`);
    await fill(page, '0912345611', async () => {
      await page.getByTestId('seats').getByText('Đã hết chỗ. Bạn sẽ vào danh sách chờ', { exact: false }).waitFor();
    });
    await page.locator('form [type=submit]').click();
    await page.getByTestId('standing').getByText('Bạn ở danh sách chờ, thứ 1').waitFor();
    await shot(page, 'ticket-waiting-360');
    await errand(server, 'cancel', { code: first.code, phone: '0912345610' });
    await page.reload();
    await page.getByTestId('standing').getByText('Có chỗ trống cho bạn').waitFor();
    await spotless(page, 'a ticket that is offered a seat');
    await shot(page, 'ticket-offered-360');
    await page.getByRole('button', { name: 'Nhận chỗ' }).click();
    const dialog = page.getByRole('dialog');
    await page.getByTestId('errand-run').click();
    await dialog.getByText('Xin nhập số điện thoại đã đăng ký.').waitFor();
    await dialog.locator('[type=tel]').fill('0999999999');
    await page.keyboard.press('Enter');
    await dialog.getByText('Không tìm thấy vé với mã và số điện thoại này', { exact: false }).waitFor();
    await spotless(page, 'the dialog of an errand');
    await dialog.locator('[type=tel]').fill('0912345611');
    await page.keyboard.press('Enter');
    await page.locator('[data-state=confirmed]').waitFor();
    await page.getByRole('button', { name: 'Đổi nơi tham dự' }).click();
    await dialog.locator('select').selectOption('ba-dinh');
    await page.getByTestId('errand-run').click();
    await page.getByText('Quận Ba Đình').first().waitFor();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Huỷ đăng ký' }).click();
    await shot(page, 'ticket-cancel-360');
    await page.getByTestId('errand-run').click();
    await page.getByTestId('standing').getByText('Đăng ký đã huỷ').waitFor();
    await spotless(page, 'a cancelled ticket');
    noFaults(page);
  }));

test('R7 my data: seen, corrected and erased with ticket and telephone, on another device', () =>
  withServer('register-mine', async (browser, server) => {
    const { code } = await registered(server, '0912345620', { email: 'binh@example.vn' });
    const page = await phone(browser, `${server.url}/ticket`);
    await page.locator('form input').fill('0000');
    await page.keyboard.press('Enter');
    await page.getByText('Không tìm thấy vé', { exact: false }).waitFor();
    await page.locator('form input').fill(code.toLowerCase().replaceAll('-', ' '));
    await page.keyboard.press('Enter');
    await page.getByTestId('standing').waitFor();
    assert.doesNotMatch(await page.textContent('main'), /Bình|912345620/, 'the code alone tells nothing of the person');
    await page.getByRole('button', { name: 'Thông tin của tôi' }).click();
    await page.getByRole('dialog').locator('[type=tel]').fill('0912 345 620');
    await page.keyboard.press('Enter');
    const data = page.getByTestId('my-data');
    await data.waitFor();
    assert.equal(await data.getByLabel('Họ và tên').inputValue(), 'Trần Văn Bình');
    await data.getByLabel('Họ và tên').fill('Trần Văn Bính');
    await data.getByLabel('Thư điện tử').fill('');
    await data.getByRole('button', { name: 'Lưu thay đổi' }).click();
    await page.getByText('Đã lưu thay đổi.').waitFor();
    const { person } = await errand(server, 'mine', { code, phone: '0912345620' });
    assert.deepEqual([person.name, person.email], ['Trần Văn Bính', undefined]);
    await spotless(page, 'my data');
    await fits(page, 'my data');
    await shot(page, 'ticket-mine-360');
    await data.getByRole('button', { name: 'Xoá thông tin của tôi' }).click();
    await page.getByTestId('errand-run').click();
    await page.getByText('Xin đánh dấu ô xác nhận.').waitFor();
    await spotless(page, 'the dialog before erasing');
    await shot(page, 'ticket-erase-360');
    await page.getByLabel('Tôi hiểu và muốn xoá').check();
    await page.getByTestId('errand-run').click();
    await page.getByText('Thông tin cá nhân của vé này đã được xoá.').waitFor();
    assert.doesNotMatch(await page.textContent('body'), /Bính/);
    const left = await errand(server, 'mine', { code, phone: '0912345620' });
    assert.deepEqual([left.erased, left.person], [true, undefined]);
    noFaults(page);
  }));

test('R7 axe finds nothing in any state, in both languages, light and dark, at both widths', () =>
  withServer('register-looks', async (browser, server) => {
    const hour = 3_600_000;
    const at = (ms) => new Date(Date.now() + ms).toISOString();
    const { code } = await registered(server, '0912345630');
    const states = [
      ['open', {}, `/c/${place}/register`, '[data-testid=register-form]'],
      ['full', { seats: 1, alone: true }, `/c/${place}/register`, '[data-testid=full]'],
      ['not-yet', { opensAt: at(hour) }, `/c/${place}/register`, '.state.empty'],
      ['closed', { opensAt: at(-2 * hour), closesAt: at(-hour) }, `/c/${place}/register`, '.state.ended'],
      ['ticket', {}, `/ticket#${code}`, '[data-testid=qr]'],
      ['ticket-code', {}, '/ticket', 'form input'],
      ['unknown', {}, '/ticket#00000-00000-00000', '[role=alert]'],
      ['home', {}, '/', 'article'],
      ['conference', {}, `/c/${place}`, '[data-testid=to-register]'],
    ];
    for (const [name, changes, path, ready] of states) {
      await setRegistration(server, changes);
      for (const [lang, dark] of [['vi', false], ['en', true], ['vi', true], ['en', false]]) {
        for (const width of lang === 'vi' ? [360, 1440] : [360]) {
          const page = await phone(browser, server.url + path, { lang, dark, width });
          const where = `register-look-${name}-${lang}-${dark ? 'dark' : 'light'}-${width}`;
          await page.locator(ready).first().waitFor();
          await spotless(page, where);
          await fits(page, where);
          await page.screenshot({ path: `../artifacts/screens/${where}.png`, fullPage: true });
          noFaults(page);
          await page.context().close();
        }
      }
    }
    const broken = await phone(browser, `${server.url}/ticket`);
    await broken.route('**/api/v1/**', (route) => route.abort());
    await broken.goto(`${server.url}/c/${place}/register`);
    await broken.locator('.state.error').waitFor();
    await spotless(broken, 'the form that could not be loaded');
    await broken.unroute('**/api/v1/**');
    await broken.getByRole('button', { name: 'Thử lại' }).click();
    await broken.getByTestId('register-form').waitFor();
  }));

/** Fills the form in, with a seat in Ba Vì. */
async function fill(page, number, looking = async () => undefined) {
  await page.getByTestId('register-form').waitFor();
  await page.locator('[name=name]').fill('Lê Văn An');
  await page.locator('[name=phone]').fill(number);
  await page.locator('[name=place][value=venue]').check();
  await page.locator('select[name=venue]').selectOption('ba-vi');
  await looking();
  await page.locator('[name=privacy]').check();
}
