// J6: the server is killed in the middle of a rehearsal and loses nothing it acknowledged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, signIn } from './lib/browser.mjs';
import { Redis, Server, soak, until } from './lib/server.mjs';
import { enter, grows, main } from './lib/venue.mjs';

const kills = soak ? 20 : 3;
const seconds = soak ? 240 : 60;

async function acknowledged(server) {
  const found = /^diemcau_questions_submitted_total\S* (\d+)/m.exec(await server.metrics());
  return found ? Number(found[1]) : 0;
}

async function killAndCount(server, options) {
  await inBrowser('crash', async (browser) => {
    const [link] = await server.links('moderator');
    const moderator = await signIn(browser, link);
    const cityHall = await enter(browser, server, main, '640x360@10');
    const rehearsal = server.rehearse(...options, `--for=${seconds}s`);
    for (let kill = 0; kill < kills; kill++) {
      await until(async () => (await acknowledged(server)) >= 20 || rehearsal.child.exitCode !== null, 'questions come in between two kills');
      assert.equal(rehearsal.child.exitCode, null, `rehearsal ended before kill ${kill + 1}:\n${rehearsal.output}`);
      await server.restart();
    }
    const { code, output } = await rehearsal.done;
    assert.equal(code, 0, output);
    console.log(`${kills} times kill -9\n${output.slice(output.indexOf('the conference is over'))}`);
    const text = 'Trang kiểm duyệt có tự kết nối lại không?';
    await server.ask(text);
    await moderator.getByText(text).first().waitFor();
    assert.equal(await moderator.getByTestId('sign-in').count(), 0, 'the session did not hold');
    // City Hall came back by itself too, and is in the programme again.
    await grows(cityHall, 'programme');
  });
}

test('J6 kill -9 on SQLite: acknowledged questions are there once, sessions hold', async () => {
  const server = await Server.start();
  try {
    await killAndCount(server, ['--venues=4', '--citizens=60']);
  } finally {
    await server.stop();
  }
});

test('J6 kill -9 on Redis: acknowledged questions are there once, sessions hold', async () => {
  const redis = await Redis.start();
  const server = await Server.start({ redis });
  try {
    await killAndCount(server, ['--venues=0', '--citizens=60']);
  } finally {
    await server.stop();
    await redis.stop();
  }
});
