// How a question ends: the chair's conclusion by keyboard, a recall, and what is left at the close.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { inBrowser, noFaults, shot, signIn } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';

const asked = ['Bao giờ xã tôi được cấp sổ đỏ?', 'Đất dịch vụ khi nào giao?', 'Phí trích đo là bao nhiêu?'];

test('a question ends with a conclusion, a recall or the close, all by keyboard', async () => {
  const server = await Server.start();
  try {
    await inBrowser('ending', (browser) => end(browser, server));
  } finally {
    await server.stop();
  }
});

/** Sends a command over a bare socket; its effect is seen in the log. */
function tell(listener, name, data) {
  listener.socket.send(JSON.stringify({ type: 'command', id: randomUUID(), name, data }));
}

async function end(browser, server) {
  const stage = await signIn(browser, (await server.links('stage'))[0]);
  const log = await listen(server, stage, 'stage');
  const happened = (type, id) => until(() => log.events.find((event) => event.type === type && (id === undefined || event.question?.id === id)), `${type} ${id ?? ''}`);
  const moderator = await signIn(browser, (await server.links('moderator'))[0]);
  const bench = await listen(server, moderator, 'moderator');
  const ids = [];
  for (const text of asked) {
    await server.ask(text);
    const { question } = await until(() => log.events.find((event) => event.type === 'question.submitted' && event.question.text === text), text);
    tell(bench, 'question.claim', { id: question.id });
    await happened('question.claimed', question.id);
    tell(bench, 'question.approve', { id: question.id });
    await happened('question.approved', question.id);
    ids.push(question.id);
  }
  const screen = await signIn(browser, (await server.links('screen'))[0], { size: { width: 1920, height: 1080 } });
  const { keyboard } = stage;
  const onAir = (id) => stage.locator(`[data-testid="on-air"][data-question="${id}"]`).waitFor();
  const dialog = (testid, state) => stage.getByTestId(testid).waitFor({ state });

  // Nobody was heard yet: the network's first question is the fair next. An agency owes an answer.
  await stage.locator(`[data-testid="fair-next"][data-question="${ids[0]}"]`).waitFor();
  await keyboard.press('f');
  await stage.locator(`[data-question="${ids[0]}"][data-state="queued"]`).waitFor();
  await keyboard.press('o');
  await onAir(ids[0]);
  await keyboard.press('d');
  await stage.locator('[data-testid="ending-none"]:focus').waitFor();
  await keyboard.press('2');
  await stage.getByTestId('ending-agency').fill('Văn phòng Đăng ký đất đai');
  await stage.getByTestId('ending-words').fill('Trả lời bằng văn bản.');
  await shot(stage, 'ending-1440');
  await keyboard.press('Control+Enter');
  const { question: owed } = await happened('question.answered', ids[0]);
  assert.equal(owed.conclusion.agency, 'Văn phòng Đăng ký đất đai');
  assert.equal(owed.conclusion.text, 'Trả lời bằng văn bản.');
  assert.ok(![0, 6].includes(new Date(owed.conclusion.due).getUTCDay()), 'the date filled in is a working day');
  await screen.getByTestId('conclusion').getByText('Văn phòng Đăng ký đất đai').waitFor();
  await shot(screen, 'conclusion-1920');

  // Escape goes back and sends nothing; the recall is asked for once more; then two keys end it.
  await dialog('ending', 'detached');
  await stage.locator(`[data-testid="row"][data-question="${ids[1]}"] .pick`).click();
  await keyboard.press('o');
  await onAir(ids[1]);
  await keyboard.press('d');
  await stage.locator('[data-testid="ending-none"]:focus').waitFor();
  await keyboard.press('Escape');
  await dialog('ending', 'detached');
  await keyboard.press('r');
  await stage.locator('[data-testid="recall-confirm"]:focus').waitFor();
  await keyboard.press('Enter');
  await happened('question.recalled', ids[1]);
  await stage.locator(`[data-testid="recalled"] [data-question="${ids[1]}"]`).waitFor();
  await keyboard.press('q');
  await stage.locator(`[data-question="${ids[1]}"][data-state="queued"]`).waitFor();
  await keyboard.press('o');
  await onAir(ids[1]);
  await keyboard.press('d');
  await stage.locator('[data-testid="ending-none"]:focus').waitFor();
  await keyboard.press('Enter');
  const { question: done } = await happened('question.answered', ids[1]);
  assert.equal(done.conclusion.none, true, 'nothing more is needed');
  assert.equal(log.events.filter((event) => event.type === 'question.answered').length, 2);

  // What still waits at the close is counted and named.
  const office = await signIn(browser, (await server.links('admin'))[0]);
  const admin = await listen(server, office, 'admin');
  tell(admin, 'conference.close', {});
  await happened('question.carriedOver', ids[2]);
  await stage.locator(`[data-testid="carried"][data-question="${ids[2]}"]`).waitFor();
  assert.equal(await stage.getByTestId('carried-over').textContent(), '1');
  await shot(stage, 'closed-1440');
  for (const page of [stage, screen]) noFaults(page);
  for (const { socket } of [log, bench, admin]) socket.terminate();
}
