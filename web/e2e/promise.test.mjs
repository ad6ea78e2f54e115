// What is answered in writing: an official keeps a promise, the asker reads it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open, shot, signIn } from './lib/browser.mjs';
import { Server } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';

test('an official names agency and date, tells how it stands and answers; the asker reads it', async () => {
  const server = await Server.start();
  try {
    await inBrowser('promise', (browser) => promise(browser, server));
  } finally {
    await server.stop();
  }
});

async function promise(browser, server) {
  const text = 'Hồ sơ cấp Giấy chứng nhận của tôi nộp từ tháng 3, bao giờ có kết quả?';
  const code = await server.ask(text);
  const moderator = await signIn(browser, (await server.links('moderator'))[0]);
  const desk = await listen(server, moderator, 'moderator');
  const { id } = desk.snapshot.questions.find((question) => question.text === text);
  for (const [name, data] of [
    ['question.claim', { id }],
    ['question.write', { id, agency: 'Sở Nông nghiệp và Môi trường', due: '2099-12-20' }],
  ]) {
    const reply = await desk.command(name, data);
    assert.ok(reply.ok, JSON.stringify(reply));
  }
  desk.socket.terminate();

  const official = await signIn(browser, (await server.links('official'))[0]);
  const card = official.locator(`[data-testid="promise"][data-question="${id}"]`);
  await card.getByText('Sở Nông nghiệp và Môi trường').waitFor();
  await shot(official, 'answer-owed-1440');
  await card.getByTestId('note').click();
  const dialog = official.locator('dialog[open]');
  await dialog.getByTestId('send').click();
  await dialog.getByRole('alert').waitFor(); // nothing was written
  await dialog.locator('textarea').fill('Đang xác minh nguồn gốc thửa đất.');
  await dialog.getByTestId('send').click();
  await card.getByText('Đang xác minh nguồn gốc thửa đất.').waitFor();
  await card.getByTestId('assign').click();
  await dialog.getByTestId('due').fill('2099-12-31');
  await dialog.getByTestId('send').click();
  await card.getByText('31/12/2099').waitFor();
  await card.getByTestId('keep').click();
  await dialog.getByTestId('reply-text').fill('Hồ sơ đã được duyệt ngày 18/12; mời bà đến Bộ phận một cửa.');
  await shot(official, 'answer-reply-1440');
  await dialog.getByTestId('send').click();
  await card.waitFor({ state: 'detached' }); // it went to what is answered

  const context = await browser.newContext({ viewport: { width: 360, height: 780 }, locale: 'vi-VN' });
  const asker = await open(context, `${server.url}/q#${code}`);
  await asker.getByText('Hồ sơ đã được duyệt ngày 18/12').waitFor();
  await asker.getByText('Đang xác minh nguồn gốc thửa đất.').waitFor();
  await shot(asker, 'answer-asker-360');
  for (const page of [moderator, official, asker]) noFaults(page);
}
