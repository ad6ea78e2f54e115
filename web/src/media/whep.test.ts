import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { asPeer, chromium, FakeClock, FakePeer, noH264, settle } from './fakes';
import type { Capabilities } from './codecs';
import { linkedRelays, RELAY_MS } from './relay';
import { applyRestart, restartFragment } from './sdpfrag';
import { retryAfterMs, WhepClient } from './whep';

const URL_ = 'https://cau.example/api/v1/conferences/c1/whep';

beforeEach(() => {
  vi.stubGlobal(
    'MediaStream',
    class {
      addTrack(): void {}
    },
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const LINK =
  '<turns:h:443?transport=tcp>; rel="ice-server"; username="1:a"; credential="s+/c"; credential-type="password"';

function created(link?: string, location = '/api/v1/whep/s1'): Response {
  return new Response('v=0\r\na=ice-ufrag:su\r\na=ice-pwd:sp\r\nm=video 9 X 96\r\n', {
    status: 201,
    headers: {
      Location: location,
      ETag: '"e1"',
      ...(link === undefined ? {} : { Link: link }),
    },
  });
}

function setUp(reply: (method: string) => Response | Promise<Response>, caps: Capabilities = chromium, both = false) {
  const clock = new FakeClock();
  const peers: FakePeer[] = [];
  const calls: { method: string; url: string; body: string }[] = [];
  const client = new WhepClient({
    url: URL_,
    both,
    onChange: () => undefined,
    createPeer: () => {
      const peer = new FakePeer();
      peers.push(peer);
      return asPeer(peer);
    },
    capabilities: caps,
    clock,
    random: () => 1,
    fetch: (url, init) => {
      const method = init?.method ?? 'GET';
      calls.push({ method, url: String(url), body: String(init?.body ?? '') });
      return Promise.resolve().then(() => reply(method));
    },
  });
  return { clock, peers, calls, client };
}

describe('WhepClient', () => {
  it('P1: offers a second picture where there is a place for it, behind the programme', async () => {
    for (const both of [false, true]) {
      const t = setUp(() => created(), chromium, both);
      t.client.start();
      await settle();
      expect(t.peers[0]?.lines.map((line) => line.kind)).toEqual(both ? ['video', 'audio', 'video'] : ['video', 'audio']);
      expect(t.client.stream).toBeDefined();
      expect(t.client.second !== undefined).toBe(both);
    }
  });

  it('M6: is relayed when neither UDP nor TCP stands in time', async () => {
    const t = setUp((m) =>
      m === 'POST' ? created(LINK) : new Response('a=ice-ufrag:n\r\na=ice-pwd:n\r\n', { status: 200 }),
    );
    t.client.start();
    await settle();
    t.clock.pass(RELAY_MS);
    await settle();
    expect(t.peers[0]?.configuration.iceServers).toEqual([
      { urls: ['turns:h:443?transport=tcp'], username: '1:a', credential: 's+/c' },
    ]);
    expect(t.calls.map((c) => c.method)).toEqual(['POST', 'PATCH']);
    expect(t.peers[0]?.restarts).toBe(1);
    expect(t.client.phase).toBe('joining');
    t.peers[0]?.become('connected');
    expect(t.client.phase).toBe('playing');
  });

  it('M6: holds no relay when it plays without', async () => {
    const t = setUp(() => created(LINK));
    t.client.start();
    await settle();
    t.peers[0]?.become('connected');
    t.clock.pass(RELAY_MS);
    await settle();
    expect(t.peers[0]?.configuration.iceServers).toBeUndefined();
    expect(t.calls.length).toBe(1);
  });

  it('plays, and gives its place back when it leaves', async () => {
    const t = setUp((m) => (m === 'POST' ? created() : new Response(null, { status: 200 })));
    t.client.start();
    await settle();
    t.peers[0]?.become('connected');
    expect(t.client.phase).toBe('playing');
    expect(t.client.stream).toBeDefined();
    t.client.stop();
    expect(t.calls.map((c) => `${c.method} ${c.url}`)).toEqual([
      `POST ${URL_}`,
      'DELETE https://cau.example/api/v1/whep/s1',
    ]);
  });

  it('P7: is sent to an edge; when that dies it comes back to the server, and is sent on', async () => {
    const edges = ['https://a.example', 'https://b.example'];
    let dead = false;
    const t = setUp((m) => {
      if (m === 'POST') return created(undefined, `${edges.shift() ?? ''}/api/v1/conferences/c1/whep/~/s`);
      if (dead) throw new TypeError('the edge has died');
      return new Response(null, { status: 200 });
    });
    t.client.start();
    await settle();
    t.peers[0]?.become('connected');
    dead = true;
    t.peers[0]?.become('failed');
    await settle();
    t.clock.pass(500);
    await settle();
    t.peers[1]?.become('connected');
    expect(t.client.phase).toBe('playing');
    expect(t.calls.filter((c) => c.method !== 'DELETE').map((c) => `${c.method} ${c.url}`)).toEqual([
      `POST ${URL_}`,
      'PATCH https://a.example/api/v1/conferences/c1/whep/~/s',
      `POST ${URL_}`,
    ]);
  });

  it('P7: asks an edge that it misses whether it is there, and leaves the server itself its time', async () => {
    for (const [location, asked] of [['https://a.example/s', 1], ['/api/v1/whep/s1', 0]] as const) {
      const t = setUp((m) => (m === 'POST' ? created(undefined, location) : new Response('a=ice-ufrag:n\r\na=ice-pwd:n\r\n')));
      t.client.start();
      await settle();
      t.client.miss();
      expect(t.peers[0]?.restarts, 'while it joins').toBe(0);
      t.peers[0]?.become('connected');
      t.client.miss();
      t.client.miss();
      await settle();
      expect(t.calls.filter((c) => c.method === 'PATCH')).toHaveLength(asked);
    }
  });

  it('P7: asks to stay when nobody answers where it was sent, and once only', async () => {
    let tries = 0;
    const t = setUp((m) => {
      if (m !== 'POST') return new Response(null, { status: 200 });
      tries += 1;
      if (tries <= 2) throw new TypeError('Failed to fetch');
      return created();
    });
    t.client.start();
    for (const ms of [500, 1000]) {
      await settle();
      t.clock.pass(ms);
    }
    await settle();
    t.peers[2]?.become('connected');
    expect(t.client.phase).toBe('playing');
    expect(t.calls.filter((c) => c.method === 'POST').map((c) => c.url)).toEqual([URL_, `${URL_}?edge=no`, URL_]);
  });

  it('P7: asks to stay when an edge has filled up', async () => {
    const full = new Response('{}', { status: 503, headers: { 'Retry-After': '30' } });
    Object.defineProperty(full, 'redirected', { value: true });
    const answers = [full, created()];
    const t = setUp((m) => (m === 'POST' ? (answers.shift() ?? created()) : new Response(null, { status: 200 })));
    t.client.start();
    await settle();
    t.clock.pass(500);
    await settle();
    expect(t.calls.filter((c) => c.method === 'POST').map((c) => c.url)).toEqual([URL_, `${URL_}?edge=no`]);
  });

  it('P7: asks to stay when no connection to an edge comes, not when none to the server does', async () => {
    const places = ['https://a.example/s', '/api/v1/whep/s1', '/api/v1/whep/s1'];
    const t = setUp((m) => (m === 'POST' ? created(undefined, places.shift()) : new Response(null, { status: 200 })));
    t.client.start();
    for (const ms of [500, 1000]) {
      await settle();
      t.clock.pass(15_000); // the answer never became a connection
      t.clock.pass(ms);
    }
    await settle();
    expect(t.calls.filter((c) => c.method === 'POST').map((c) => c.url)).toEqual([URL_, `${URL_}?edge=no`, URL_]);
  });

  it('says so when the browser has no H.264, without asking the server', () => {
    const t = setUp(created, noH264);
    t.client.start();
    expect(t.client.phase).toBe('no_h264');
    expect(t.calls).toEqual([]);
  });

  it('says so when the server answers 406, and does not ask again', async () => {
    const t = setUp(() => new Response('{}', { status: 406 }));
    t.client.start();
    await settle();
    t.clock.pass(600_000);
    expect(t.client.phase).toBe('no_h264');
    expect(t.calls).toHaveLength(1);
  });

  it('waits as long as a full server says', async () => {
    let full = true;
    const t = setUp(() =>
      full ? new Response('', { status: 503, headers: { 'Retry-After': '7' } }) : created(),
    );
    t.client.start();
    await settle();
    expect(t.client.phase).toBe('full');
    t.clock.pass(6_999);
    await settle();
    expect(t.calls).toHaveLength(1);
    full = false;
    t.clock.pass(1);
    await settle();
    t.peers.at(-1)?.become('connected');
    expect(t.client.phase).toBe('playing');
  });

  it('looks again for a conference that is not running', async () => {
    const t = setUp(() => new Response('', { status: 404 }));
    t.client.start();
    await settle();
    expect(t.client.phase).toBe('closed');
    t.clock.pass(15_000);
    await settle();
    expect(t.calls).toHaveLength(2);
  });

  it('restarts ICE by PATCH and joins anew when that is refused', async () => {
    const t = setUp((m) => (m === 'POST' ? created() : new Response('', { status: 412 })));
    t.client.start();
    await settle();
    t.peers[0]?.become('connected');
    t.peers[0]?.become('disconnected');
    expect(t.client.phase).toBe('reconnecting');
    t.clock.pass(2_000);
    await settle();
    expect(t.calls[1]?.method).toBe('PATCH');
    expect(t.calls[1]?.body).toContain('a=ice-ufrag:u2\r\na=ice-pwd:p2\r\nm=video');
    t.clock.pass(500);
    await settle();
    expect(t.calls.filter((c) => c.method === 'POST')).toHaveLength(2);
    expect(t.peers[0]?.closed).toBe(true);
  });

  it('takes the answer of the restart on the same connection', async () => {
    const t = setUp((m) =>
      m === 'POST' ? created() : new Response('a=ice-ufrag:nu\r\na=ice-pwd:np\r\n', { status: 200 }),
    );
    t.client.start();
    await settle();
    const peer = t.peers[0];
    peer?.become('connected');
    peer?.become('failed');
    await settle();
    expect(peer?.currentRemoteDescription?.sdp).toContain('a=ice-ufrag:nu\r\na=ice-pwd:np');
    peer?.become('connected');
    expect([t.client.phase, t.peers.length]).toEqual(['playing', 1]);
  });

  it('goes on for ever without a network, and gives nothing up when stopped meanwhile', async () => {
    const t = setUp(() => Promise.reject(new TypeError('network')));
    t.client.start();
    for (let i = 0; i < 20; i++) {
      await settle();
      t.clock.pass(8_000);
    }
    expect(t.calls.length).toBeGreaterThanOrEqual(20);
    t.client.stop();
    await settle();
    expect([t.client.phase, t.clock.pending]).toEqual(['stopped', 0]);
  });

  it('gives back a place that was answered too late', async () => {
    let answer: (r: Response) => void = () => undefined;
    const t = setUp((m) =>
      m === 'POST' ? new Promise((r) => (answer = r)) : new Response(null, { status: 200 }),
    );
    t.client.start();
    await settle();
    t.client.stop();
    answer(created());
    await settle();
    expect(t.calls.map((c) => c.method)).toEqual(['POST', 'DELETE']);
  });
});

it('retryAfterMs keeps to sensible times', () => {
  const of = (v: string) => retryAfterMs(new Response('', { headers: { 'Retry-After': v } }));
  expect([of('3'), of('0.2'), of('99999'), of('soon')]).toEqual([3000, 1000, 300_000, undefined]);
  expect(retryAfterMs(new Response(''))).toBeUndefined();
});

describe('sdpfrag', () => {
  it('takes the credentials and the first m-line of the offer', () => {
    const offer = 'v=0\r\nm=video 9 X 96\r\na=mid:0\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\nm=audio 9 X 111\r\n';
    expect(restartFragment(offer)).toBe('a=ice-ufrag:a\r\na=ice-pwd:b\r\nm=video 9 X 96\r\na=mid:0\r\n');
  });

  it('puts new candidates in the place of the old ones', () => {
    const answer =
      'v=0\r\nm=video 9 X 96\r\na=ice-ufrag:o\r\na=ice-pwd:o\r\na=candidate:1 old\r\nm=audio 9 X 111\r\na=ice-ufrag:o\r\na=ice-pwd:o\r\n';
    expect(applyRestart(answer, 'a=ice-ufrag:n\r\na=ice-pwd:n\r\na=candidate:1 new\r\n')).toBe(
      'v=0\r\nm=video 9 X 96\r\na=ice-ufrag:n\r\na=ice-pwd:n\r\na=candidate:1 new\r\nm=audio 9 X 111\r\na=ice-ufrag:n\r\na=ice-pwd:n\r\n',
    );
  });

  it('refuses a fragment without credentials', () => {
    expect(() => applyRestart('v=0\r\n', '')).toThrow('no credentials');
  });
});

describe('linkedRelays', () => {
  it('reads TURN servers with their credentials, and nothing else', () => {
    const [one, two] = linkedRelays(`<https://x/>; rel="ext", ${LINK}, <stun:s>; rel="ice-server", ${LINK}`);
    expect(one).toEqual({ urls: ['turns:h:443?transport=tcp'], username: '1:a', credential: 's+/c' });
    expect(two).toEqual(one);
    expect(linkedRelays(null)).toEqual([]);
    expect(linkedRelays('turns:h; rel="ice-server"')).toEqual([]);
  });
});
