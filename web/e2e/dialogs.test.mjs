// J8: every dialog of the moderators' and the stage's page, opened by keyboard.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { inBrowser, noFaults, signIn, spotless } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';

const looks = [
  { lang: 'vi', scheme: 'light' },
  { lang: 'en', scheme: 'dark' },
];

test('J8 every dialog of moderators and stage: by keyboard, axe finds nothing, the focus stays in and comes back', async () => {
  const server = await Server.start();
  try {
    await inBrowser('dialogs', (browser) => dialogs(browser, server));
  } finally {
    await server.stop();
  }
});

async function dialogs(browser, server) {
  const lan = await signIn(browser, (await server.links('moderator', '--person=Lan'))[0]);
  const minh = await signIn(browser, (await server.links('moderator', '--person=Minh'))[0], { lang: 'en' });
  const stage = await signIn(browser, (await server.links('stage'))[0]);
  const stageInEnglish = await signIn(browser, (await server.links('stage'))[0], { lang: 'en' });
  const log = await listen(server, lan, 'moderator');
  const other = await listen(server, minh, 'moderator');
  const control = await listen(server, stage, 'stage');
  const topic = log.snapshot.conference.topics[0].id;
  const ids = [];
  for (const words of ['Bao giờ có sổ đỏ?', 'Sổ đỏ bao giờ có?', 'Ai đền bù đất vườn?', 'Phí trích lục là bao nhiêu?']) {
    await fetch(`${server.url}/api/v1/conferences/dat-dai-2022/questions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ idempotencyKey: randomUUID(), topic, body: words }),
    });
    ids.push((await until(() => log.events.find((event) => event.question?.text === words), 'the question is there')).question.id);
  }
  const [own, alike, held, chosen] = ids;
  await did(log, 'question.claim', { id: own });
  await did(other, 'question.claim', { id: held });
  for (const [page, mine, theirs, look] of [[lan, own, held, looks[0]], [minh, held, own, looks[1]]]) {
    await page.emulateMedia({ colorScheme: look.scheme });
    assert.equal(await page.evaluate(() => document.documentElement.lang), look.lang);
    await page.locator(`#row-${mine}`).click();
    await page.locator('.card .held.mine').waitFor();
    for (const key of ['e', 'm', 't', 'r', 'd', 'w', 'p', '?']) await opened(page, key, `/moderate ${key}, ${look.lang} ${look.scheme}`);
    await page.locator(`#row-${theirs}`).click();
    await opened(page, 'o', `/moderate o, ${look.lang} ${look.scheme}`);
  }
  for (const id of [alike, chosen]) {
    await did(log, 'question.claim', { id });
    await did(log, 'question.approve', { id });
    await did(control, 'question.queue', { id });
  }
  await did(control, 'question.air', { id: alike });
  for (const [page, look] of [[stage, looks[0]], [stageInEnglish, looks[1]]]) {
    await page.emulateMedia({ colorScheme: look.scheme });
    assert.equal(await page.evaluate(() => document.documentElement.lang), look.lang);
    await page.locator(`[data-testid="on-air"][data-question="${alike}"]`).waitFor();
    await page.locator(`[data-testid="row"][data-question="${chosen}"] .pick`).click();
    for (const key of ['e', 'd', 'r', 'b', 's']) await opened(page, key, `/stage ${key}, ${look.lang} ${look.scheme}`);
    await page.locator('button.keys').focus();
    await opened(page, 'Enter', `/stage keys, ${look.lang} ${look.scheme}`);
  }
  for (const page of [lan, minh, stage, stageInEnglish]) noFaults(page);
  for (const listener of [log, other, control]) listener.socket.terminate();
}

async function did(listener, name, data) {
  const reply = await listener.command(name, data);
  assert.ok(reply.ok, `${name}: ${JSON.stringify(reply)}`);
}

/** Opens a dialog by its key, looks at it, steps over both its edges with Tab, and leaves it. */
async function opened(page, key, where) {
  const before = await page.evaluateHandle(() => document.activeElement);
  await page.keyboard.press(key);
  const dialog = page.locator('dialog[open]');
  await dialog.waitFor();
  await until(() => dialog.evaluate((box) => box.contains(document.activeElement)), `${where}: the focus is in the dialog`);
  await spotless(page, where, 'dialog[open]');
  for (const [edge, step] of [['last', 'Tab'], ['first', 'Shift+Tab']]) {
    await dialog.evaluate((box, at) => {
      const stops = [...box.querySelectorAll('a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary')].filter((stop) => stop.checkVisibility());
      (at === 'last' ? stops.at(-1) : stops[0]).focus();
    }, edge);
    for (let i = 0; i < 2; i++) {
      await page.keyboard.press(step);
      // Beyond the edge the focus may be with the browser itself, whose own the body stands for.
      const out = await dialog.evaluate((box) => !box.contains(document.activeElement) && document.activeElement !== document.body && document.activeElement.outerHTML.slice(0, 160));
      assert.equal(out, false, `${where}: ${step} leaves the dialog`);
    }
  }
  await page.keyboard.press('Escape');
  // The page knows that it is closed a moment after it is: until then keys are the dialog's.
  await page.locator('dialog header').waitFor({ state: 'detached' });
  const back = await page.evaluate((was) => (document.activeElement === was ? '' : `${was.outerHTML.slice(0, 120)} → ${document.activeElement.outerHTML.slice(0, 120)}`), before);
  assert.equal(back, '', `${where}: the focus comes back`);
}
