// Invitations and the list to sign are printed; after the close whoever did not come sees by
// ticket and question that it is answered in writing, /admin the figures.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { inBrowser, noFaults, shot, signIn, spotless } from './lib/browser.mjs';
import { asAdmin } from './lib/door.mjs';
import { phone, registered, setRegistration } from './lib/registration.mjs';
import { Server } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';

const question = 'Bao giờ xã tôi được đo đạc lại bản đồ địa chính?';
const agency = 'Văn phòng Đăng ký đất đai';

test('letters are printed; who was invited and did not come is told how the question is answered', async () => {
  const server = await Server.start();
  try {
    await inBrowser('absent', (browser) => run(browser, server));
  } finally {
    await server.stop();
  }
});

async function run(browser, server) {
  await setRegistration(server, { alone: true });
  const came = await registered(server, '0912000001', { name: 'Nguyễn Thị Hoa' });
  const away = await registered(server, '0912000002', { name: 'Công Tằng Tôn Nữ Thị Thường Xuân', topic: 'do-dac', question });
  await registered(server, '0912000003', { name: 'Nguyễn Thị Hoa', topic: 'do-dac', question: 'Câu chưa ai đọc' });
  assert.equal((await asAdmin(server, 'POST', 'registrations/checkin', { code: came.code, venue: 'ba-vi' })).colour, 'green');
  const moderator = await signIn(browser, (await server.links('moderator'))[0]);
  const desk = await listen(server, moderator, 'moderator');
  const { id } = desk.snapshot.questions.find((one) => one.text === question);
  for (const name of ['question.claim', 'question.approve']) assert.ok((await desk.command(name, { id })).ok, name);
  desk.socket.terminate();

  const admin = await signIn(browser, (await server.links('admin'))[0]);
  await admin.getByTestId('view-run').click();
  const figures = async () => (await admin.locator('[data-testid=attendance] tr[data-venue=ba-vi] td').allTextContents()).join(' ');
  await admin.getByText('Chưa đến').waitFor();
  assert.equal(await figures(), '3 1 2 0');
  await print(admin);

  await asAdmin(server, 'POST', 'close');
  await admin.locator('[data-testid=attendance]').getByText('Không đến').waitFor();
  assert.equal(await figures(), '3 1 2 0');
  for (const scheme of ['light', 'dark']) {
    await admin.emulateMedia({ colorScheme: scheme });
    await admin.getByTestId('attendance').scrollIntoViewIfNeeded();
    await shot(admin, `attendance-1440-${scheme}`);
    await spotless(admin, `the figures, ${scheme}`);
  }
  await admin.setViewportSize({ width: 360, height: 780 });
  await admin.getByTestId('attendance').scrollIntoViewIfNeeded();
  await shot(admin, 'attendance-360-dark');
  assert.ok((await admin.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, 'nothing is wider than 360 px');

  // Who did not come.
  const ticket = await phone(browser, `${server.url}/ticket#${away.code}`);
  await ticket.getByText(`cơ quan trả lời: ${agency}`).waitFor();
  await shot(ticket, 'absent-ticket-360');
  await spotless(ticket, 'the ticket of somebody who did not come');
  const track = await phone(browser, `${server.url}/q#${away.question}`, { dark: true });
  await track.getByTestId('absent').filter({ hasText: 'không đến được' }).waitFor();
  await shot(track, 'absent-question-360-dark');
  await spotless(track, 'the question of somebody who did not come');

  // Who sees to the answer.
  const official = await signIn(browser, (await server.links('official'))[0]);
  await official.locator(`[data-testid=promise][data-question="${id}"] [data-testid=absent]`).waitFor();
  await shot(official, 'absent-answer-1440');
  await moderator.getByRole('option', { name: /Câu chưa ai đọc/ }).click();
  await moderator.getByTestId('card').getByTestId('absent').filter({ hasText: 'xin chuyển trả lời bằng văn bản' }).waitFor();
  await shot(moderator, 'absent-card-1440');
  for (const page of [admin, ticket, track, official, moderator]) noFaults(page);
}

/** Prints the invitations with a letterhead, which stays for the next time, and the list to sign. */
async function print(admin) {
  const pdf = async (name) => {
    const [download] = await Promise.all([admin.waitForEvent('download'), admin.getByTestId('export').click()]);
    assert.equal(download.suggestedFilename(), name);
    const file = await readFile(await download.path(), 'latin1');
    assert.match(file, /^%PDF-/);
    return file.match(/\/Type \/Page\n/g).length;
  };
  await admin.getByTestId('export-format').selectOption('pdf');
  await admin.getByTestId('letter-agency').fill('Ủy ban nhân dân thành phố Hà Nội');
  await admin.getByTestId('letter-office').fill('TM. Ủy ban nhân dân\nChủ tịch');
  await spotless(admin, 'the letter');
  await admin.getByTestId('letter-agency').scrollIntoViewIfNeeded();
  await shot(admin, 'letter-1440');
  assert.equal(await pdf('invitations-dat-dai-2022.pdf'), 3, 'a letter a person');
  await admin.getByTestId('export-list').selectOption('attendance');
  assert.equal(await pdf('attendance-dat-dai-2022.pdf'), 1, 'one list');
  await admin.getByTestId('export-list').selectOption('totals');
  assert.equal(await admin.getByTestId('export-format').inputValue(), 'xlsx', 'figures are not printed');
  await admin.reload();
  await admin.getByTestId('view-run').click();
  await admin.getByTestId('export-format').selectOption('pdf');
  assert.equal(await admin.getByTestId('letter-agency').inputValue(), 'Ủy ban nhân dân thành phố Hà Nội');
}
