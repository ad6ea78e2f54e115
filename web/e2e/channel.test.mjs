// A flooded channel is stopped from the moderators' overview, and taken again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open, shot, signIn } from './lib/browser.mjs';
import { Server } from './lib/server.mjs';

test('a channel is stopped and taken again; citizens are told, nothing that came in is lost', async () => {
  const server = await Server.start();
  try {
    await inBrowser('channel', (browser) => stopped(browser, server));
  } finally {
    await server.stop();
  }
});

async function stopped(browser, server) {
  const text = 'Câu này đến trước khi tạm ngưng.';
  await server.ask(text);
  const moderator = await signIn(browser, (await server.links('moderator'))[0]);
  await moderator.getByText(text).first().waitFor();
  const context = await browser.newContext({ viewport: { width: 360, height: 780 }, locale: 'vi-VN' });
  const citizen = await open(context, `${server.url}/c/dat-dai-2022`);
  const note = citizen.getByText('Tạm ngưng nhận câu hỏi qua mạng');

  await moderator.keyboard.press('b');
  const web = moderator.locator('[data-testid="channel"][data-channel="web"]');
  await web.getByRole('button').click();
  await moderator.locator('[data-testid="channel"][data-channel="web"][data-frozen="true"]').waitFor();
  await shot(moderator, 'overview-1440');
  await note.waitFor();
  await assert.rejects(server.ask('Câu này đến lúc tạm ngưng.'), /409.*question\.channel_frozen/s);

  await web.getByRole('button').click();
  await note.waitFor({ state: 'detached' });
  await server.ask('Câu này đến sau đó.');
  await moderator.getByText('Câu này đến sau đó.').first().waitFor();
  assert.equal(await moderator.getByText(text).count() > 0, true, 'what came in before stays');
  for (const page of [moderator, citizen]) noFaults(page);
}
