// Q10: a client written from docs/protocol.md alone asks, decides, is cut and comes back.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Server } from './lib/server.mjs';
import { newId, signIn, StrangerClient } from './lib/stranger-client.mjs';

let server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const draft = (body, more = {}) => ({ idempotencyKey: randomUUID(), body, topic: 'cap-giay-lan-dau', ...more });
const citizen = () => new StrangerClient(server.url).connect();
const moderator = async () => new StrangerClient(server.url, { role: 'moderator', cookie: await signIn(server, 'moderator') }).connect();

async function healthy() {
  assert.equal(server.process.exitCode ?? server.process.signalCode, null, 'the server runs');
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  assert.doesNotMatch(server.log, /"level":"(ERROR|WARN)"|panic/);
}

/** Claims and approves; the replies must be those of the document. */
async function approve(by, id) {
  assert.deepEqual((await by.command('question.claim', { id })).ok, { question: id, state: 'claimed' });
  assert.deepEqual((await by.command('question.approve', { id })).ok, { question: id, state: 'approved' });
}

test('Q10 a stranger asks, a moderator approves, the stranger is told', async () => {
  const asker = await citizen();
  assert.equal(asker.welcome.protocol, 1);
  assert.equal(asker.welcome.role, 'citizen');
  assert.equal(asker.socket.extensions, '', 'no compression');
  const screener = await moderator();
  const { topics } = asker.view.conference;
  const { ok } = await asker.command('question.submit', draft('Bao giờ xã tôi được cấp sổ đỏ?', { topic: topics[0].id }));
  assert.match(ok.code, /^[0-9A-Z]{5}-[0-9A-Z]{5}-.$/);
  assert.match(ok.question, /^[a-z2-7]{20}$/);

  const first = await asker.follow(ok.code.toLowerCase().replaceAll('-', ' '));
  assert.equal(first.code, ok.code, 'case, spaces and dashes of a code do not matter');
  assert.equal(first.state, 'pending');
  assert.equal(asker.view.questions.has(ok.question), false, 'a citizen does not see what waits');

  await screener.until(() => screener.view.questions.get(ok.question)?.state === 'pending', 'the question at the moderator');
  await approve(screener, ok.question);
  const told = await asker.until(() => asker.standings.find(({ state }) => state === 'approved'), 'the asker is told');
  assert.equal(told.body, 'Bao giờ xã tôi được cấp sổ đỏ?');
  await asker.until(() => asker.view.questions.get(ok.question)?.state === 'approved', 'the citizens see it');
  assert.equal(JSON.stringify(asker.view.questions.get(ok.question)).includes('version'), false, 'a field for moderators');

  const lookup = await fetch(`${server.url}/api/v1/questions/lookup`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code: ok.code }) });
  assert.deepEqual(await lookup.json(), told, 'HTTP tells what the socket tells');

  const { error } = await screener.command('question.claim', { id: ok.question });
  assert.equal(error.kind, 'conflict');
  assert.equal(error.question.state, 'approved', 'a conflict tells how it stands');
  asker.send({ type: 'unfollow', code: ok.code });
  await asker.cut();
  await screener.cut();
  await healthy();
});

test('Q10 a command is carried out once, a submission too', async () => {
  const asker = await citizen();
  const data = draft('Hồ sơ của tôi đang ở đâu?');
  const id = newId();
  const first = await asker.command('question.submit', data, id);
  const again = await asker.command('question.submit', data, id);
  assert.deepEqual(again.ok, { ...first.ok, repeated: true }, 'the same id: the first answer');
  const elsewhere = await citizen();
  const retried = await elsewhere.command('question.submit', data);
  assert.equal(retried.ok.code, first.ok.code, 'the same key from another socket: the same code');
  const rest = await fetch(`${server.url}/api/v1/conferences/dat-dai-2022/questions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(data) });
  assert.equal(rest.status, 201);
  assert.equal((await rest.json()).code, first.ok.code, 'and over HTTP');
  for (const other of [{ body: 'Một câu khác' }, { topic: asker.view.conference.topics[1].id }, { venue: asker.view.conference.venues[1].id }]) {
    const { error } = await elsewhere.command('question.submit', { ...data, ...other });
    assert.equal(error?.code, 'idempotency_mismatch', JSON.stringify(other));
    assert.ok(error.message, 'with a sentence');
  }

  // The line breaks behind the command: repeated with its id on the next one.
  const lost = asker.command('question.submit', draft('Câu này gửi lúc mạng đứt'));
  await asker.cut();
  await asker.comeBack();
  const { ok } = await lost;
  const screener = await moderator();
  const held = [...screener.view.questions.values()].filter(({ text }) => text === 'Câu này gửi lúc mạng đứt');
  assert.deepEqual(held.map((question) => question.id), [ok.question], 'it is there once');
  await Promise.all([asker, elsewhere, screener].map((client) => client.cut()));
  await healthy();
});

test('Q10 whoever is cut off comes back with the cursor and gets what was missed, once', async () => {
  const [steady, cut] = await Promise.all([moderator(), moderator()]);
  const [steadyCitizen, cutCitizen] = await Promise.all([citizen(), citizen()]);
  const pairs = [[steady, cut], [steadyCitizen, cutCitizen]];
  const missed = new Map(pairs.map(([whole]) => [whole, 0]));
  let asked = 0;
  // Each time another socket: ten messages a second are allowed to one (§13).
  const happen = async (times) => {
    const screener = await moderator();
    let last;
    for (let i = 0; i < times; i++) {
      last = (await screener.command('question.submit', draft(`Câu thứ ${++asked}`))).ok.question;
      await approve(screener, last);
    }
    await screener.cut();
    return last;
  };
  for (let round = 0; round < 6; round++) {
    // Some of it reaches the line while it is being cut, the rest comes while it is down.
    const soon = happen(2);
    await cut.until(() => cut.events.length >= steady.events.length, 'the line is alive');
    await Promise.all([cut.cut(), cutCitizen.cut()]);
    await soon;
    await happen(round % 3);
    for (const [whole, broken] of pairs) missed.set(whole, missed.get(whole) + whole.events.length - broken.events.length);
    await Promise.all([cut.comeBack(), cutCitizen.comeBack()]);
    assert.equal(cut.welcome.resumed, true, `resumed in round ${round}`);
    assert.equal(cutCitizen.welcome.resumed, true, `resumed in round ${round}`);
  }
  const last = await happen(1);
  for (const [whole, broken] of pairs) {
    for (const client of [whole, broken]) await client.until(() => client.view.questions.get(last)?.state === 'approved', 'the last event');
    assert.ok(missed.get(whole) >= 6, `there was something to miss: ${missed.get(whole)} of ${whole.events.length} events`);
    assert.deepEqual(broken.events, whole.events, 'each event once, none missing, in order');
    assert.deepEqual(broken.view, whole.view);
    assert.equal(broken.snapshots, 1, 'no snapshot was needed');
    const fresh = await new StrangerClient(server.url, { role: broken.role, cookie: broken.cookie }).connect();
    // A snapshot may be a moment old; the events since then follow it.
    await fresh.until(() => isDeepStrictEqual(fresh.view, broken.view), 'who comes anew sees the same');
    await Promise.all([whole, broken, fresh].map((client) => client.cut()));
  }
  await healthy();
});

test('Q10 a cursor from elsewhere gets a snapshot, never an error', async () => {
  const here = await citizen();
  const other = await Server.start();
  const there = await new StrangerClient(other.url).connect();
  const foreign = there.cursor;
  await there.cut();
  await other.stop();
  const digit = (text, at) => text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
  const cursors = { foreign, 'changed in front': digit(here.cursor, 0), 'changed at the end': digit(here.cursor, here.cursor.length - 1), words: 'hôm qua', long: 'f'.repeat(4000), empty: '' };
  for (const [name, cursor] of Object.entries(cursors)) {
    const client = await new StrangerClient(server.url).connect({ cursor });
    assert.equal(client.welcome.resumed, false, name);
    assert.equal(client.snapshots, 1, name);
    await client.until(() => isDeepStrictEqual(client.view, here.view), `the same view, with a cursor of the kind ${name}`);
    await client.cut();
  }
  await here.cut();
  await healthy();
});
