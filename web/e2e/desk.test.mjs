// The registration desk enters a question for somebody without a phone, by the keyboard alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, shot, signIn, spotless } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';

test('J8 the desk enters a question by keyboard, gets a slip and goes on to the next person', async () => {
  const server = await Server.start();
  try {
    await inBrowser('desk', (browser) => desk(browser, server));
  } finally {
    await server.stop();
  }
});

async function desk(browser, server) {
  const words = 'Bà tôi không có điện thoại, muốn hỏi bao giờ được cấp sổ đỏ?';
  const moderator = await signIn(browser, (await server.links('moderator'))[0]);
  const log = await listen(server, moderator, 'moderator');
  const page = await signIn(browser, (await server.links('registrar'))[0]);
  const text = page.locator('form textarea');
  await text.waitFor();
  await page.getByTestId('send-question').click();
  await page.getByText('Xin ghi câu hỏi.').waitFor();
  assert.ok(await text.evaluate((field) => field === document.activeElement), 'the eye goes to what is missing');
  await page.keyboard.type(words);
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  await page.getByLabel('Tên người hỏi').fill('Bà Hoa');
  await page.getByLabel('Điện thoại người hỏi').fill('+84 912.345.678');
  await page.getByLabel('Cơ quan, tổ chức').fill('HTX Tân Tiến');
  await shot(page, 'desk-form-1440');
  await text.focus();
  await page.keyboard.press('Control+Enter');
  const code = (await page.getByTestId('code').textContent()).trim();
  await shot(page, 'desk-slip-1440');
  const submitted = await until(() => log.events.find((event) => event.type === 'question.submitted'), 'the question is in the log');
  assert.equal(submitted.question.channel, 'desk');
  assert.equal(submitted.question.text, words);
  const found = await fetch(`${server.url}/api/v1/questions/lookup`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code }),
  });
  assert.equal((await found.json()).body, words, 'the code on the slip is the question’s');
  await page.keyboard.press('n');
  await text.waitFor();
  assert.ok(await text.evaluate((field) => field === document.activeElement), 'the next person can dictate at once');
  assert.equal(await text.inputValue(), '', 'nothing of the last person is left');
  assert.equal(await page.getByLabel('Điện thoại người hỏi').inputValue(), '', 'nor their number');
  await callBack(page, code, log);
  await callList(page, code, log);
  await page.setViewportSize({ width: 360, height: 780 });
  await shot(page, 'desk-form-360');
  for (const one of [moderator, page]) noFaults(one);
  log.socket.terminate();
}

/** Whom to call back is found by code, here and in no event, and is hidden again. */
async function callBack(page, code, log) {
  const contact = page.getByTestId('contact');
  await page.getByTestId('contact-code').fill('00000-00000-0');
  await page.keyboard.press('Enter');
  await page.getByText('Không có câu hỏi nào mang mã này.').waitFor();
  await page.getByTestId('contact-code').fill(code.toLowerCase());
  await page.keyboard.press('Enter');
  await contact.getByText('0912345678').waitFor();
  assert.match(await contact.textContent(), /Bà Hoa.*HTX Tân Tiến/s);
  await shot(page, 'desk-call-back-1440');
  await page.getByTestId('contact-close').click();
  await contact.getByText('0912345678').waitFor({ state: 'detached' });
  const refused = await log.command('question.contact', { code });
  assert.equal(refused.error.code, 'access.denied', 'a moderator is not told');
  assert.doesNotMatch(JSON.stringify([log.snapshot, log.events]), /0912345678|912\.345\.678|Tân Tiến/, 'nor by any event');
}

/** Whoever promised a call finds the people, notes the call once, and can take the note back. */
async function callList(page, code, log) {
  const list = page.getByTestId('calls');
  await page.getByTestId('calls-show').focus();
  await page.keyboard.press('Enter');
  await list.getByText('1 người chờ gọi, 0 người đã gọi').waitFor();
  assert.match(await list.textContent(), new RegExp(`Bà Hoa.*HTX Tân Tiến.*0912345678.*${code}.*tại bàn đón tiếp`, 's'));
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    await spotless(page, `the list of calls, ${scheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await shot(page, 'desk-calls-1440');
  await list.getByRole('button', { name: 'Đã gọi cho Bà Hoa' }).focus();
  await page.keyboard.press('Enter');
  await list.getByText('0 người chờ gọi, 1 người đã gọi').waitFor();
  assert.ok(await page.getByTestId('calls-left').evaluate((line) => line === document.activeElement), 'the row is gone, the focus is not');
  await list.getByText('Đã ghi: đã gọi cho Bà Hoa.').waitFor();
  await list.getByText('Không còn ai chờ gọi lại.').waitFor();
  await page.getByTestId('calls-all').check();
  await list.getByText(/Đã gọi: .+, /).waitFor();
  await list.getByRole('button', { name: 'Chưa gọi được cho Bà Hoa' }).click();
  await list.getByText('1 người chờ gọi, 0 người đã gọi').waitFor();
  await page.getByTestId('calls-hide').click();
  await list.getByText('0912345678').waitFor({ state: 'detached' });
  const refused = await log.command('question.calls', {});
  assert.equal(refused.error.code, 'access.denied', 'a moderator is not told');
  assert.ok(!log.events.some((event) => event.type === 'question.called'), 'nor that anybody was called');
}
