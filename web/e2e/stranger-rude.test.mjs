// Q10: whatever docs/protocol.md forbids is refused or closed as it says there, and disturbs nobody.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Server, until } from './lib/server.mjs';
import { newId, signIn, StrangerClient } from './lib/stranger-client.mjs';

const topic = 'cap-giay-lan-dau';
let server;
let neighbour; // a well-behaved moderator, there from the first test to the last
let slowest = 0;
let mute; // two that never answer a ping: one is silent, one speaks
before(async () => {
  server = await Server.start();
  neighbour = await staff('moderator');
  const since = performance.now();
  mute = [[], [similar]].map(async ([speak]) => {
    const client = await guest({ options: { autoPong: false } }).connect();
    const pings = [];
    client.socket.on('ping', () => {
      pings.push(performance.now());
      if (speak) client.send(speak());
    });
    const ended = await client.end(120_000);
    return { ended, pings: pings.length, seconds: (performance.now() - since) / 1000, answered: client.replies.length };
  });
});
after(async () => {
  await neighbour?.cut();
  await server.stop();
});

const guest = (options) => new StrangerClient(server.url, options);
const staff = async (role) => guest({ role, cookie: await signIn(server, role) }).connect();
const similar = () => ({ type: 'command', id: newId(), name: 'question.similar', data: { body: 'sổ đỏ' } });
const draft = (more) => ({ idempotencyKey: randomUUID(), body: 'Bao giờ có sổ đỏ?', topic, ...more });

/** The neighbour sees a new question, has its own commands answered soon, and has missed nothing. */
async function undisturbed(after) {
  const body = `Sau khi ${after}: ${randomUUID()}`;
  const code = await server.ask(body);
  assert.match(code, /^.{5}-.{5}-.$/);
  await neighbour.until(() => [...neighbour.view.questions.values()].some(({ text }) => text === body), `the question after ${after}`);
  const start = performance.now();
  assert.ok((await neighbour.command('question.similar', { body })).ok);
  slowest = Math.max(slowest, performance.now() - start);
  assert.ok(slowest < 5_000, `answered after ${slowest} ms, after ${after}`);
  assert.equal(neighbour.closed, undefined);
  assert.equal(server.process.exitCode ?? server.process.signalCode, null, 'the server runs');
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  assert.doesNotMatch(server.log, /"level":"ERROR"|panic/);
}

/** A WebSocket frame, for what no library sends. */
function frame(opcode, payload, { mask = true, bits = 0x80 } = {}) {
  const body = Buffer.from(payload);
  const size = body.length < 126 ? [body.length] : [126, body.length >> 8, body.length & 255];
  if (mask) size[0] |= 0x80;
  return Buffer.concat([Buffer.from([bits | opcode, ...size]), Buffer.alloc(mask ? 4 : 0), body]);
}

const raw = (...args) => (client) => client.socket._socket.write(frame(...args));
const say = (...messages) => (client) => messages.forEach((message) => client.send(message));

test('Q10 what is no message of the protocol closes with the documented code', async (t) => {
  const cases = {
    'a binary frame': ['4501 bad_message', (client) => client.socket.send(Buffer.from('{}'))],
    'a frame over 64 KiB': ['4501 bad_message', say(JSON.stringify({ ...similar(), pad: 'x'.repeat(64 << 10) }))],
    'not JSON': ['4501 bad_message', say('xin chào')],
    'not UTF-8': ['4501 bad_message', (client) => client.socket.send(Buffer.from('7b2261223a22ff227d', 'hex'), { binary: false })],
    'JSON, but no object': ['4501 bad_message', say('[]')],
    'an unknown type, twice': ['4501 bad_message', say({ type: 'dance' }, { type: 'dance' })],
    'no type, twice': ['4501 bad_message', say({}, {})],
    'too many messages': ['4029 rate_limited', (client) => Array.from({ length: 50 }, similar).forEach((message) => client.send(message))],
    'an unmasked frame': ['1002', raw(1, '{}', { mask: false })],
    'a reserved opcode': ['1002', raw(3, '{}')],
    'compression that was not agreed': ['1002', raw(1, '{}', { bits: 0xc0 })],
    'too many pings': ['4029 rate_limited', (client) => Array.from({ length: 300 }).forEach(() => client.socket.ping())],
    'a ping of 200 bytes': ['1002', raw(9, 'x'.repeat(200))],
  };
  for (const [name, [want, misbehave]] of Object.entries(cases)) {
    await t.test(name, async () => {
      const client = await guest().connect();
      misbehave(client);
      assert.equal(await client.end(), want);
      if (want.startsWith('4029')) assert.equal(client.bye.retryAfterMs, 10_000);
      await undisturbed(name);
    });
  }
});

test('Q10 a hello that does not do closes with the documented code', async (t) => {
  const hello = (hello) => say({ type: 'hello', hello });
  const cases = {
    'no common protocol': ['4500 no_protocol', hello({ protocols: [2] })],
    'a role without session': ['4502 not_signed_in', hello({ protocols: [1], role: 'moderator' })],
    'a role that does not exist': ['4502 not_signed_in', hello({ protocols: [1], role: 'king' })],
    'a command before hello': ['4501 bad_message', say(similar())],
    'no hello at all': ['4501 no_hello', () => {}],
    'no subprotocol': ['4500 no_protocol', hello({ protocols: [1] }), []],
  };
  for (const [name, [want, speak, subprotocol]] of Object.entries(cases)) {
    await t.test(name, async () => {
      const client = await guest().open(subprotocol);
      speak(client);
      assert.equal(await client.end(), want);
      await undisturbed(name);
    });
  }
  await t.test('another subprotocol', async () => {
    // The server takes none of those offered, so a library as a browser breaks off itself.
    await assert.rejects(guest().open('diemcau.v2'), /no subprotocol/);
    await undisturbed('another subprotocol');
  });
});

test('Q10 the server refuses before the upgrade with a status', async () => {
  await assert.rejects(guest({ options: { origin: 'https://dia-chi-khac.example' } }).open(), { status: 403 });
  await assert.rejects(guest({ conference: 'khong-co' }).open(), { status: 404 });
  const plain = await fetch(`${server.url}/api/v1/conferences/dat-dai-2022/socket`);
  assert.equal(plain.status, 400);
  assert.equal((await plain.json()).code, 'socket.bad_handshake');
  await undisturbed('a refused handshake');
});

test('Q10 a command that does not do is refused, and the line goes on', async () => {
  const client = await guest().connect();
  const refused = async (name, data, id) => (await client.command(name, data, id)).error;
  const cases = [
    [await refused('question.dance', {}), 'invalid', 'command.unknown'],
    [await refused('question.vote', { id: 5 }), 'invalid', 'command.bad_body'],
    [await refused('question.similar', { body: 'x' }, 'short'), 'invalid', 'command.bad_id'],
    [await refused('question.vote', { id: 'x'.repeat(8 << 10) }), 'tooLarge', 'command.too_large'],
    [await refused('question.submit', draft({ body: 'x'.repeat(8 << 10) })), 'tooLarge', 'question.too_long'],
    [await refused('question.submit', draft({ body: 'ộ'.repeat(601) })), 'invalid', 'question.too_long'],
    [await refused('question.submit', draft({ idempotencyKey: 'short' })), 'invalid', 'question.bad_key'],
    [await refused('question.claim', { id: 'b3kz5n2qy7w4m6xsp2rt' }), 'forbidden', 'access.denied'],
    [(await client.follow('00000-00000-1')).error, 'notFound', 'question.unknown_code'],
  ];
  for (const [error, kind, code] of cases) {
    assert.deepEqual([error?.kind, error?.code], [kind, code]);
    assert.match(error.message, /[à-ỹ]/i, `a sentence in Vietnamese: ${error.message}`);
  }
  // Fields and, once, a type that are not known are passed over.
  client.send({ type: 'dance' });
  const { ok } = await client.command('question.submit', draft({ body: 'ộ'.repeat(600), colour: 'red' }));
  assert.ok(ok?.code, 'the longest question, with a field nobody knows');
  const english = await guest().connect({ lang: 'en', colour: 'red' });
  assert.match((await english.command('question.dance', {})).error.message, /^[ -~]+$/, 'a sentence in English');
  await Promise.all([client, english].map((each) => each.cut()));
  await undisturbed('refused commands');
});

test('Q10 a session that ends closes its sockets', async () => {
  const cookie = await signIn(server, 'stage');
  const client = await guest({ role: 'stage', cookie }).connect();
  const response = await fetch(`${server.url}/api/v1/session?role=stage`, { method: 'DELETE', headers: { origin: server.url, cookie } });
  assert.equal(response.status, 204);
  assert.equal(await client.end(), '4503 revoked');
  const again = await guest({ cookie }).open();
  again.send({ type: 'hello', hello: { protocols: [1], role: 'stage' } });
  assert.equal(await again.end(), '4502 not_signed_in');
  await undisturbed('a session ended');
});

test('Q10 who says goodbye is told goodbye', async () => {
  const client = await guest().connect();
  client.socket.close(1000);
  assert.equal(await client.end(), '1000');
  await undisturbed('a goodbye');
});

/** Fifty long questions in the running order, followed by the client: each move is 100 kB to it. */
async function followed(client) {
  const codes = await Promise.all(Array.from({ length: 50 }, (_, i) => server.ask(`${i}. ${'Bao giờ có sổ đỏ? '.repeat(32)}`)));
  const standings = await Promise.all(codes.map((code) => client.follow(code)));
  const long = () => [...neighbour.view.questions.values()].filter(({ text }) => /^\d+\. (Bao giờ có sổ đỏ\? ?){32}$/.test(text));
  await neighbour.until(() => long().length === 50, 'the questions');
  const ids = long().map(({ id }) => id);
  const [screeners, stages] = await Promise.all(['moderator', 'stage'].map((role) => Promise.all([1, 2, 3, 4, 5].map(() => staff(role)))));
  await Promise.all(ids.map(async (id, i) => {
    for (const [by, name] of [[screeners, 'question.claim'], [screeners, 'question.approve'], [stages, 'question.queue']]) {
      assert.ok((await by[i % 5].command(name, { id })).ok, name);
    }
  }));
  await Promise.all(screeners.map((screener) => screener.cut()));
  assert.deepEqual([...new Set(standings.map(({ state, error }) => state ?? error.code))], ['pending']);
  return stages;
}

test('Q10 who reads too slowly is cut off, the others go on', async () => {
  const slow = await guest().connect();
  const stages = await followed(slow);
  const sockets = async () => Number(/^diemcau_sockets (\d+)/m.exec(await server.metrics())[1]);
  const line = slow.socket._socket;
  await slow.until(() => slow.view.queue.length === 50, 'the running order');
  const open = await sockets();
  line.pause();
  // Ten moves a second of each stage manager, until the server has had enough.
  await until(async () => {
    await Promise.all(stages.map((stage) => stage.command('question.queue', { id: stage.view.queue.at(-1), before: stage.view.queue[0] })));
    return (await sockets()) < open;
  }, 'the slow reader is let go');
  await undisturbed('a slow reader');
  line.resume();
  assert.match(await slow.end(), /^(4008 resync|1006)$/);
  await slow.connect({ cursor: undefined });
  assert.equal(slow.view.queue.length, 50, 'it comes back and is up to date');
  await Promise.all([slow, ...stages].map((client) => client.cut()));
});

test('Q10 who sends no pong is let go after a minute', async () => {
  for (const { ended, pings, seconds } of await Promise.all(mute)) {
    assert.equal(ended, '1006', 'the line breaks, without a bye');
    assert.ok(pings >= 1, 'it was asked');
    assert.ok(seconds > 45, `after ${seconds} s`);
  }
  assert.ok((await mute[1]).answered >= 1, 'what it sent was answered');
  await undisturbed('silence');
});
