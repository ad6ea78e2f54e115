// A table of questions is looked at, mended, imported and imported again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, shot, signIn } from './lib/browser.mjs';
import { Server } from './lib/server.mjs';

const heads = 'Nội dung câu hỏi,Lĩnh vực,Điểm cầu';
const good = ['Bao giờ xã tôi được cấp sổ đỏ?,cap-giay-lan-dau,', 'Phí trích lục bản đồ là bao nhiêu?,cap-giay-lan-dau,'];

function table(...lines) {
  return { name: 'cau-hoi.csv', mimeType: 'text/csv', buffer: Buffer.from([heads, ...lines, ''].join('\n')) };
}

test('Q6 an administrator imports a table: preview, problems by row, codes; again gives the same codes', async () => {
  const server = await Server.start();
  try {
    await inBrowser('import', (browser) => run(browser, server));
  } finally {
    await server.stop();
  }
});

async function run(browser, server) {
  const admin = await signIn(browser, (await server.links('admin'))[0]);
  const before = await asked(admin);
  await admin.getByTestId('import-file').setInputFiles(table(...good, 'Câu này sai lĩnh vực,khong-co,'));
  await admin.getByTestId('import-count').filter({ hasText: '2 trong 3' }).waitFor();
  const problem = admin.getByTestId('import-problem');
  assert.equal(await problem.count(), 1);
  assert.match(await problem.textContent(), /^4.*khong-co/, 'the row by number, and in words what is wrong');
  assert.equal(await admin.getByTestId('import-row').count(), 2, 'what was understood is shown');
  assert.equal(await asked(admin), before, 'looking at a table records nothing');
  await admin.getByTestId('import-count').scrollIntoViewIfNeeded();
  await shot(admin, 'import-preview-1440');
  await admin.getByTestId('import-file').setInputFiles(table(...good));
  await admin.getByTestId('import-count').filter({ hasText: '2 trong 2' }).waitFor();
  await admin.getByTestId('import-send').click();
  await admin.getByTestId('import-done').filter({ hasText: '2' }).waitFor();
  const codes = await admin.getByTestId('import-code').allTextContents();
  assert.equal(codes.length, 2);
  await shot(admin, 'import-done-1440');

  // A moderator sends the same table in another order: the same questions.
  const moderator = await signIn(browser, (await server.links('moderator'))[0]);
  await moderator.getByTestId('lane-waiting').waitFor();
  await moderator.keyboard.press('b');
  await moderator.getByTestId('import-file').setInputFiles(table(...[...good].reverse()));
  await moderator.getByTestId('import-send').click();
  await moderator.getByTestId('import-done').waitFor();
  const again = await moderator.getByTestId('import-code').allTextContents();
  const only = (list) => list.map((row) => row.trim().replace(/^\d+\s*/, '')).map((code) => code.slice(-11)).sort();
  assert.deepEqual(only(again), only(codes), 'the same rows keep their codes');
  await moderator.setViewportSize({ width: 360, height: 780 });
  await moderator.getByTestId('import-done').scrollIntoViewIfNeeded();
  await shot(moderator, 'import-done-360');
  for (const page of [admin, moderator]) noFaults(page);
}

/** How many questions the office counts. */
async function asked(page) {
  return (await page.locator('dl').first().textContent()).replace(/\s+/g, ' ');
}
