import { describe, expect, it } from 'vitest';
import { asPeer, asTrack, chromium, FakeClock, FakePeer, FakeTrack, settle } from './fakes';
import { DEFAULT_ASK, sendEncodings } from './layers';
import { Link, type MediaAnswer } from './link';
import { RELAY_MS, type IceServer } from './relay';
import { ProblemError } from '../live/problem';
import { JOIN_GUARD_MS, RESTARTS, UNSTEADY_MS } from './recovery';
import { venuePlan } from './slots';

const RELAY: IceServer = { urls: ['turns:h:443?transport=tcp'], username: '1:a', credential: 'c' };

function setUp(
  answers: { join?: () => Promise<string>; restart?: () => Promise<string>; relays?: () => IceServer[] } = {},
) {
  const clock = new FakeClock();
  const peers: FakePeer[] = [];
  const asked: string[] = [];
  const online = { is: true };
  const answered = async (how?: () => Promise<string>): Promise<MediaAnswer> => ({
    sdp: (await how?.()) ?? 'v=0\r\n',
    relays: answers.relays?.() ?? [],
  });
  const link = new Link({
    signal: {
      online: () => online.is,
      join: (sdp) => {
        asked.push(`join ${/ice-ufrag:(\w+)/.exec(sdp)?.[1]}`);
        return answered(answers.join);
      },
      restart: (sdp) => {
        asked.push(`restart ${/ice-ufrag:(\w+)/.exec(sdp)?.[1]}`);
        return answered(answers.restart);
      },
    },
    plan: venuePlan,
    onChange: () => undefined,
    createPeer: () => {
      const peer = new FakePeer();
      peers.push(peer);
      return asPeer(peer);
    },
    capabilities: chromium,
    clock,
    random: () => 1,
  });
  const [mic, camera] = [new FakeTrack('audio'), new FakeTrack('video')];
  const send = {
    mic: asTrack(mic),
    camera: asTrack(camera),
    encodings: sendEncodings(DEFAULT_ASK),
  };
  return { clock, peers, asked, online, link, mic, camera, send };
}

async function connected(t: ReturnType<typeof setUp>): Promise<FakePeer> {
  t.link.start(t.send);
  await settle();
  const peer = t.peers[0];
  if (peer === undefined) throw new Error('no connection was made');
  peer.become('connected');
  return peer;
}

describe('Link', () => {
  it('offers the lines in the order of the protocol, H.264 first', async () => {
    const t = setUp();
    const peer = await connected(t);
    expect(peer.lines.map((l) => `${l.kind} ${l.direction}`)).toEqual([
      'audio sendonly',
      'video sendonly',
      'video recvonly',
      'video recvonly',
      ...new Array<string>(5).fill('audio recvonly'),
    ]);
    expect(peer.lines[1]?.encodings.map((e) => e.rid)).toEqual(['h', 'm', 'l']);
    for (const line of peer.lines) {
      const first = line.preferences[0];
      if (line.kind === 'video') expect(first?.sdpFmtpLine).toContain('42e01f');
      else expect(first?.mimeType).toBe('audio/opus');
    }
  });

  it('M6: is relayed when neither UDP nor TCP stands in time, and then at once', async () => {
    const t = setUp({ relays: () => [RELAY] });
    t.link.start(t.send);
    await settle();
    const peer = t.peers[0];
    t.clock.pass(RELAY_MS - 1);
    await settle();
    expect(peer?.configuration.iceServers).toBeUndefined();
    t.clock.pass(1);
    await settle();
    expect(peer?.configuration.iceServers).toEqual([RELAY]);
    expect(t.asked).toEqual(['join u1', 'restart u2']);
    peer?.become('connected');
    expect(t.link.phase).toBe('connected');
    t.link.gone();
    await settle();
    expect(t.peers[1]?.configuration.iceServers).toEqual([RELAY]);
  });

  it('M7: who is relayed comes back with new credentials at once, and once', async () => {
    let given = 0;
    const relays = (): IceServer[] => [{ ...RELAY, username: `${++given}:a` }];
    const t = setUp({ relays });
    t.link.start(t.send);
    await settle();
    const peer = t.peers[0];
    t.clock.pass(RELAY_MS);
    await settle();
    peer?.become('connected');
    const used = () => peer?.configuration.iceServers?.[0]?.username;
    expect(used()).toBe('1:a'); // and is too old by the time the line breaks
    peer?.become('disconnected');
    t.clock.pass(UNSTEADY_MS);
    await settle();
    // The first restart brings the credentials, the second uses them, and no time passes.
    expect(t.asked.slice(2)).toEqual(['restart u3', 'restart u4']);
    expect(used()).toBe('3:a');
    peer?.become('failed');
    t.link.gone();
    await settle();
    expect(t.asked.slice(4)).toEqual(['join u1', 'restart u2']);
    expect(t.peers[1]?.configuration.iceServers?.[0]?.username).toBe('5:a');
  });

  it('M6: holds no relay when it is connected without', async () => {
    const t = setUp({ relays: () => [RELAY] });
    const peer = await connected(t);
    t.clock.pass(RELAY_MS);
    await settle();
    expect(peer.configuration.iceServers).toBeUndefined();
    expect(t.asked).toEqual(['join u1']);
  });

  it('offers once: slots change without another offer', async () => {
    const t = setUp();
    const peer = await connected(t);
    t.link.setSlots([{ mid: '3', kind: 'return', venue: 'ubnd' }]);
    t.link.setSlots([{ mid: '3', kind: 'return', venue: 'ba-vi' }]);
    await settle();
    expect(peer.offers).toBe(1);
    expect(t.link.slots.find((s) => s.mid === '3')?.venue).toBe('ba-vi');
  });

  it('restarts ICE on the same connection after two seconds', async () => {
    const t = setUp();
    const peer = await connected(t);
    peer.become('disconnected');
    t.clock.pass(UNSTEADY_MS - 1);
    expect(peer.restarts).toBe(0);
    t.clock.pass(1);
    await settle();
    expect(t.asked).toEqual(['join u1', 'restart u2']);
    peer.become('connected');
    expect([t.link.phase, t.peers.length]).toEqual(['connected', 1]);
  });

  it('M7: joins anew when the server has no such session, with the same tracks, still running', async () => {
    const unknown = new ProblemError({ kind: 'notFound', code: 'media.unknown_session', message: '' });
    const t = setUp({ restart: () => Promise.reject(unknown) });
    const peer = await connected(t);
    peer.become('failed');
    await settle();
    expect([t.peers.length, peer.closed]).toEqual([2, true]);
    t.peers[1]?.become('connected');
    expect(t.link.phase).toBe('connected');
    expect([t.mic.stopped, t.camera.stopped]).toEqual([false, false]);
  });

  it('M7: keeps its connection while there is no socket, and restarts it when there is', async () => {
    const t = setUp();
    const peer = await connected(t);
    t.online.is = false;
    peer.become('disconnected');
    t.clock.pass(UNSTEADY_MS);
    peer.become('failed');
    for (let i = 0; i < 10; i++) {
      await settle();
      t.clock.pass(8_000);
    }
    await settle();
    expect([t.link.phase, t.peers.length, peer.closed, peer.offers]).toEqual(['lost', 1, false, 1]);
    t.online.is = true;
    t.link.nudge();
    await settle();
    peer.become('connected');
    expect(t.asked).toEqual(['join u1', 'restart u2']);
    expect([t.link.phase, t.link.joins]).toEqual(['connected', 1]);
  });

  it('M7: gives the connection up when it is not brought back by restarts', async () => {
    const t = setUp();
    const peer = await connected(t);
    peer.become('failed');
    for (let i = 0; i < 20 && !peer.closed; i++) {
      await settle();
      t.clock.pass(1_000);
      await settle();
      t.clock.pass(5_000);
    }
    await settle();
    expect(t.asked.filter((a) => a.startsWith('restart'))).toHaveLength(RESTARTS);
    expect([t.peers.length, t.link.joins]).toEqual([2, 2]);
  });

  it('keeps trying while the server refuses, and tells why', async () => {
    const refusal = new Error('media.full');
    const t = setUp({ join: () => Promise.reject(refusal) });
    t.link.start(t.send);
    for (let i = 0; i < 40; i++) {
      await settle();
      t.clock.pass(8_000);
    }
    await settle();
    expect(t.peers.length).toBeGreaterThanOrEqual(40);
    expect(t.link.problem).toBe(refusal);
    expect(t.camera.stopped).toBe(false);
    expect(t.peers.slice(0, -1).every((p) => p.closed)).toBe(true);
  });

  it('gives up waiting for an answer that never comes', async () => {
    const t = setUp({ join: () => new Promise(() => undefined) });
    t.link.start(t.send);
    await settle();
    t.clock.pass(JOIN_GUARD_MS);
    expect(t.link.phase).toBe('waiting');
  });

  it('ignores an answer that comes after the connection was dropped', async () => {
    let answer: (sdp: string) => void = () => undefined;
    const t = setUp({ join: () => new Promise((resolve) => (answer = resolve)) });
    t.link.start(t.send);
    await settle();
    t.link.stop();
    answer('v=0\r\n');
    await settle();
    expect(t.peers[0]?.currentRemoteDescription).toBeNull();
    expect([t.link.phase, t.clock.pending]).toEqual(['stopped', 0]);
  });

  it('changes the camera without an offer', async () => {
    const t = setUp();
    const peer = await connected(t);
    const other = new FakeTrack('video');
    await t.link.replaceTracks({ ...t.send, camera: asTrack(other) });
    expect(peer.offers).toBe(1);
    expect(peer.getSenders()[1]).toMatchObject({ track: other });
    expect(peer.getSenders()[0]).toMatchObject({ track: t.mic, replaced: [] });
  });
});
