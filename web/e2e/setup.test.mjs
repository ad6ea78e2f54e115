// A conference is set up on the page: of the template, with venues from a table, tried, taken
// live and opened; the public sees it. Cloned. Two administrators edit at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open, shot, signIn, spotless } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';

const table = {
  name: 'diem-cau.csv',
  mimeType: 'text/csv',
  buffer: Buffer.from('Điểm cầu,Địa chỉ,Số ghế,Ghế dành riêng\nHuyện Ba Vì,252 Quảng Oai,120,10\nPhường Tây Tựu,1 Tây Tựu,80,5\nXã Sai,,nhiều,\n'),
};

/** A start so many days from now, as an input wants it. */
const inDays = (days) => new Date(Date.now() + days * 86_400_000 + 7 * 3_600_000).toISOString().slice(0, 16);

const level = (page, code) => page.locator(`[data-code="${code}"]`).getAttribute('data-level');

async function create(page, { from, title, days, trial = false }) {
  await page.getByTestId('create').click();
  if (from) await page.getByTestId('create-from').selectOption({ label: from });
  else await page.getByTestId('create-from').locator('option').first().waitFor({ state: 'attached' });
  await page.getByTestId('create-title').fill(title);
  await page.getByTestId('create-start').fill(inDays(days));
  if (trial) await page.getByTestId('create-test').check();
  await page.getByTestId('create-make').click();
}

test('setting up: from the template to the public page; cloned; test mode; two administrators', async () => {
  const server = await Server.start();
  try {
    await inBrowser('setup', (browser) => run(browser, server));
  } finally {
    await server.stop();
  }
});

async function run(browser, server) {
  const [link] = await server.links('admin', '--conference=all');
  const admin = await signIn(browser, link);
  await create(admin, { title: 'Đối thoại đất đai kỳ 2', days: 30, trial: true });
  await admin.getByTestId('setup').waitFor();
  await admin.getByTestId('test-mode').waitFor();
  assert.equal(await admin.getByTestId('setup-venue').count(), 31, 'the template has its venues');
  assert.equal(await level(admin, 'test'), 'missing');
  await spotless(admin, 'setting up');

  // Venues from a table; nothing is saved before somebody says so.
  await admin.getByTestId('setup-venue-file').setInputFiles(table);
  await admin.getByTestId('setup-venues-read').filter({ hasText: '1 điểm cầu mới, 1 điểm cầu cập nhật' }).waitFor();
  assert.match(await admin.getByTestId('setup-venue-problem').textContent(), /Dòng 4.*nhiều/);
  assert.equal(await admin.getByTestId('setup-venue').count(), 32);
  await admin.getByTestId('setup-place').fill('Trụ sở UBND Thành phố');
  await admin.getByTestId('setup-public').check();
  await admin.getByTestId('setup-agenda-add').click();
  await admin.getByTestId('setup-agenda').locator('input[type=time]').fill('08:30');
  await admin.getByTestId('setup-agenda').locator('input[type=text]').fill('Khai mạc');
  await admin.getByTestId('setup-registration').check();
  await admin.getByTestId('setup-invitation').fill('Trân trọng kính mời ông/bà dự hội nghị đối thoại.');
  await shot(admin, 'setup-1440-light');
  await admin.getByTestId('setup-save').click();
  await admin.getByTestId('setup-state').filter({ hasText: 'bản số 1' }).waitFor();
  for (const [code, want] of Object.entries({ place: 'good', agenda: 'good', seats: 'good', published: 'good', announced: 'good', invitation: 'good', venue_links: 'missing' })) {
    assert.equal(await level(admin, code), want, code);
  }

  await takeLive(browser, server, admin);
  const download = admin.waitForEvent('download');
  await admin.getByTestId('export').click();
  assert.equal((await download).suggestedFilename(), 'invitations-doi-thoai-dat-dai-ky-2.xlsx');
  await twoAtOnce(browser, server, admin);
  await clone(admin);
  noFaults(admin);
}

/** Tries it, goes live, opens it; the public sees it. */
async function takeLive(browser, server, admin) {
  const id = 'doi-thoai-dat-dai-ky-2';
  const say = (path, body) => fetch(`${server.url}/api/v1${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  await openIt(admin);
  const asked = await say(`/conferences/${id}/questions`, { idempotencyKey: 'setup-test-000000001', topic: 'do-dac', body: 'Câu hỏi thử nghiệm' });
  assert.equal(asked.status, 201);
  const { code } = await asked.json();
  await admin.getByTestId('view-prepare').click();
  await admin.getByTestId('go-live').click();
  await admin.getByTestId('go-live-sure').click();
  await admin.getByTestId('test-mode').waitFor({ state: 'detached' });
  await admin.getByTestId('setup').waitFor();
  assert.equal((await say('/questions/lookup', { code })).status, 404, 'the question of the test is gone');
  assert.equal(await level(admin, 'test'), 'good');
  await openIt(admin);
  const context = await browser.newContext({ viewport: { width: 360, height: 780 }, locale: 'vi-VN' });
  const home = await open(context, server.url);
  await home.getByText('Đối thoại đất đai kỳ 2').click();
  await home.locator('h1', { hasText: 'Đối thoại đất đai kỳ 2' }).waitFor();
  await home.getByTestId('place').filter({ hasText: 'Trụ sở UBND Thành phố' }).waitFor();
  await home.getByText('Chương trình').click();
  await home.getByText('Khai mạc').waitFor();
  const listed = (await server.conferences()).find((one) => one.id === id);
  assert.ok(listed.venues.some((venue) => venue.name === 'Phường Tây Tựu'), 'the venue of the table is listed');
  await spotless(home, 'the public page at 360 px');
  await shot(home, 'setup-public-360');
  noFaults(home);
  await context.close();
}

async function openIt(admin) {
  await admin.getByTestId('view-run').click();
  await admin.getByRole('button', { name: 'Mở hội nghị' }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'Mở hội nghị' }).click();
  await admin.getByRole('button', { name: 'Kết thúc hội nghị' }).waitFor();
}

/** Two administrators of one conference; the second to save is told and keeps what he typed. */
async function twoAtOnce(browser, server, admin) {
  const [link] = await server.links('admin', '--conference=doi-thoai-dat-dai-ky-2');
  const other = await signIn(browser, link, { size: { width: 360, height: 780 } });
  await other.getByTestId('view-prepare').click();
  await admin.getByTestId('view-prepare').click();
  await other.getByTestId('setup').waitFor();
  await other.getByTestId('setup-title').fill('Tên của người thứ hai');
  await admin.getByTestId('setup-title').fill('Tên của người thứ nhất');
  await admin.getByTestId('setup-save').click();
  await admin.getByTestId('setup-state').filter({ hasText: 'Đã lưu' }).waitFor();
  await other.getByTestId('setup-save').click();
  const conflict = other.getByTestId('setup-conflict');
  await conflict.filter({ hasText: 'Thông tin chung' }).waitFor();
  assert.equal(await other.getByTestId('setup-title').inputValue(), 'Tên của người thứ hai', 'what was typed stays');
  await spotless(other, 'a conflict at 360 px');
  await shot(other, 'setup-conflict-360');
  await other.getByTestId('setup-theirs').click();
  assert.equal(await other.getByTestId('setup-title').inputValue(), 'Tên của người thứ nhất');
  await other.getByTestId('setup-title').fill('Đối thoại đất đai kỳ 2');
  await other.getByTestId('setup-save').click();
  // Whoever has nothing unsaved sees it at once.
  await until(async () => (await admin.getByTestId('setup-title').inputValue()) === 'Đối thoại đất đai kỳ 2', 'the first sees what the second saved');
  // Open: what people rely on stays.
  await other.getByTestId('setup-venue').last().getByRole('button', { name: /Xoá/ }).click();
  await other.getByTestId('setup-save').click();
  await other.getByTestId('setup-wrong').filter({ hasText: 'không xóa được điểm cầu' }).waitFor();
  for (const scheme of ['light', 'dark']) {
    await other.emulateMedia({ colorScheme: scheme });
    await other.getByTestId('setup-title').scrollIntoViewIfNeeded();
    await shot(other, `setup-360-${scheme}`);
    await spotless(other, `setting up at 360 px, ${scheme}`);
  }
  noFaults(other);
  await admin.emulateMedia({ colorScheme: 'dark' });
  await shot(admin, 'setup-1440-dark');
  await spotless(admin, 'setting up, dark');
  await other.context().close();
}

/** The next one is like the last one. */
async function clone(admin) {
  await create(admin, { from: 'Như hội nghị: Đối thoại đất đai kỳ 2', title: 'Đối thoại đất đai kỳ 3', days: 5 });
  await until(async () => (await admin.getByTestId('setup-title').inputValue().catch(() => '')) === 'Đối thoại đất đai kỳ 3', 'the copy is shown');
  assert.equal(await admin.getByTestId('setup-venue').count(), 32, 'with the venues of the last one');
  assert.equal(await admin.getByTestId('setup-public').isChecked(), false, 'nobody sees it yet');
  assert.equal(await level(admin, 'announced'), 'warning', 'five days before is late');
  await admin.getByTestId('setup-public').check();
  await admin.getByText('muộn so với quy định').waitFor();
}
