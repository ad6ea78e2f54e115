import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Role, ServerMessage } from '../wire/wire.gen';
import { BACKOFF_LAST_MS, backoff } from './backoff';
import { FakeWire } from './fake';
import { ProblemError } from './problem';
import { Socket } from './socket.svelte';

function setUp(role: Role = 'moderator') {
  const wires: FakeWire[] = [];
  const urls: string[] = [];
  const got: ServerMessage[] = [];
  const socket = new Socket({
    conference: 'dat-dai',
    role,
    lang: () => 'vi',
    onMessage: (message) => got.push(message),
    open: (url) => {
      const wire = new FakeWire();
      wires.push(wire);
      urls.push(url);
      return wire;
    },
    random: () => 0.5,
  });
  const wire = (): FakeWire => {
    const last = wires.at(-1);
    if (!last) throw new Error('no connection yet');
    return last;
  };
  const online = (cursor: string): void => {
    wire().accept();
    wire().welcome(false);
    wire().snapshot(cursor);
  };
  return { socket, wires, wire, urls, got, online };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('location', { href: 'https://hoinghi.example/c/dat-dai#v=x' });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('backoff', () => {
  it('doubles its ceiling from half a second to twenty', () => {
    const ceilings = [0, 1, 2, 3, 4, 5, 6, 99].map((attempt) => backoff(attempt, 1));
    expect(ceilings).toEqual([500, 1000, 2000, 4000, 8000, 16_000, BACKOFF_LAST_MS, BACKOFF_LAST_MS]);
  });

  it('spreads over all of it', () => {
    expect(backoff(3, 0)).toBe(0);
    expect(backoff(3, 0.25)).toBe(1000);
  });
});

describe('Socket', () => {
  it('says hello as its role and takes a snapshot', () => {
    const { socket, wire, urls, got, online } = setUp();
    socket.start();
    expect(socket.state).toBe('connecting');
    online('e.1.h');
    expect(urls).toEqual(['wss://hoinghi.example/api/v1/conferences/dat-dai/socket']);
    expect(wire().sent).toEqual([{ type: 'hello', hello: { protocols: [1], lang: 'vi', role: 'moderator' } }]);
    expect(got.map((message) => message.type)).toEqual(['welcome', 'snapshot']);
    expect(socket.state).toBe('online');
  });

  it('resumes at the cursor of the last event or watermark', () => {
    const { socket, wire, wires, online } = setUp();
    socket.start();
    online('e.1.h');
    wire().events('e.1.h', 'e.4.h');
    wire().say({ type: 'watermark', watermark: { prev: 'e.4.h', cursor: 'e.9.h' } });
    wire().hangUp(1006);
    expect(socket.state).toBe('reconnecting');
    vi.advanceTimersByTime(250);
    expect(wires).toHaveLength(2);
    wire().accept();
    expect(wire().sent[0]).toMatchObject({ type: 'hello', hello: { cursor: 'e.9.h' } });
    wire().welcome(true);
    expect(socket.state).toBe('online');
  });

  it('asks for a snapshot after a gap and does not show what came after it', () => {
    const { socket, wire, wires, got, online } = setUp();
    socket.start();
    online('e.1.h');
    wire().events('e.2.h', 'e.3.h');
    expect(wire().closed).toBe(1000);
    expect(got.at(-1)?.type).toBe('snapshot');
    vi.advanceTimersByTime(250);
    expect(wires).toHaveLength(2);
    wire().accept();
    expect(wire().sent[0]).toEqual({ type: 'hello', hello: { protocols: [1], lang: 'vi', role: 'moderator' } });
  });

  it('takes a gap told by a watermark for a gap', () => {
    const { socket, wire, online } = setUp();
    socket.start();
    online('e.1.h');
    const first = wire();
    first.say({ type: 'watermark', watermark: { prev: 'e.7.h', cursor: 'e.8.h' } });
    expect(first.closed).toBe(1000);
    expect(socket.state).toBe('reconnecting');
  });

  it('forgets the cursor when told to resync', () => {
    const { socket, wire, online } = setUp();
    socket.start();
    online('e.1.h');
    wire().hangUp(4008);
    vi.advanceTimersByTime(250);
    wire().accept();
    expect(wire().sent[0]).not.toHaveProperty('hello.cursor');
  });

  it.each([4500, 4501, 4502, 4503, 4504, 4999])('does not come back after %i', async (code) => {
    const { socket, wire, wires, online } = setUp();
    socket.start();
    online('e.1.h');
    const waiting = expect(socket.command('venue.ready', {})).rejects.toBeInstanceOf(ProblemError);
    wire().hangUp(code);
    vi.advanceTimersByTime(600_000);
    expect(wires).toHaveLength(1);
    expect(socket.state).toBe('ended');
    expect(socket.endedBy).toBe(code);
    await waiting;
  });

  it.each([1000, 1001, 1006, 4000, 4008, 4100])('comes back after %i', (code) => {
    const { socket, wire, wires, online } = setUp();
    socket.start();
    online('e.1.h');
    wire().hangUp(code);
    vi.advanceTimersByTime(500);
    expect(wires).toHaveLength(2);
  });

  it('waits ten seconds more when it sent too much', () => {
    const { socket, wire, wires, online } = setUp();
    socket.start();
    online('e.1.h');
    wire().hangUp(4029);
    vi.advanceTimersByTime(10_249);
    expect(wires).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(wires).toHaveLength(2);
  });

  it('waits as long as the server asks when it drains', () => {
    const { socket, wire, wires, online } = setUp();
    socket.start();
    online('e.1.h');
    wire().say({ type: 'bye', bye: { reason: 'drain', retryAfterMs: 3000 } });
    wire().hangUp(4000);
    vi.advanceTimersByTime(3249);
    expect(wires).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(wires).toHaveLength(2);
  });

  it('backs off further while it fails, and starts anew after a steady connection', () => {
    const { socket, wire, wires, online } = setUp();
    socket.start();
    for (const wait of [250, 500, 1000, 2000]) {
      const before = wires.length;
      wire().hangUp(1006);
      vi.advanceTimersByTime(wait - 1);
      expect(wires).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(wires).toHaveLength(before + 1);
    }
    online('e.1.h');
    vi.advanceTimersByTime(10_000);
    wire().hangUp(1006);
    vi.advanceTimersByTime(250);
    expect(wires).toHaveLength(6);
  });

  it('takes silence for a dead line', () => {
    const { socket, wire, wires, online } = setUp();
    socket.start();
    online('e.1.h');
    vi.advanceTimersByTime(10_000);
    wire().say({ type: 'watermark', watermark: { prev: 'e.1.h', cursor: 'e.1.h' } });
    vi.advanceTimersByTime(17_999);
    expect(socket.state).toBe('online');
    vi.advanceTimersByTime(1);
    expect(socket.state).toBe('reconnecting');
    vi.advanceTimersByTime(500);
    expect(wires).toHaveLength(2);
  });

  it('J5 sends an unanswered command again under its first id', async () => {
    const { socket, wire, online } = setUp();
    socket.start();
    online('e.1.h');
    const answer = socket.command('question.claim', { id: 'q1' });
    const [first] = wire().sent.filter((message) => message.type === 'command');
    wire().hangUp(1006);
    vi.advanceTimersByTime(250);
    wire().accept();
    wire().welcome(true);
    const [again] = wire().sent.filter((message) => message.type === 'command');
    expect(again).toEqual(first);
    if (again?.type !== 'command') throw new Error('not a command');
    expect(again.id).toMatch(/^[\w-]{22,64}$/);
    wire().say({ type: 'reply', reply: { to: again.id, ok: { question: 'q1', repeated: true } } });
    await expect(answer).resolves.toEqual({ question: 'q1', repeated: true });
    expect(socket.waiting).toBe(0);
  });

  it('repeats a command when the outcome is not known yet', async () => {
    const { socket, wire, online } = setUp();
    socket.start();
    online('e.1.h');
    const answer = socket.command('question.claim', { id: 'q1' }, { id: 'x'.repeat(22) });
    const pending = { kind: 'pending' as const, code: 'log.pending', message: '', retryAfterMs: 700 };
    wire().say({ type: 'reply', reply: { to: 'x'.repeat(22), error: pending } });
    expect(wire().sent).toHaveLength(2);
    vi.advanceTimersByTime(700);
    expect(wire().sent).toHaveLength(3);
    expect(wire().sent[2]).toEqual(wire().sent[1]);
    wire().say({ type: 'reply', reply: { to: 'x'.repeat(22), ok: {} } });
    await expect(answer).resolves.toEqual({});
  });

  it('tells a refusal once and for all', async () => {
    const { socket, wire, online } = setUp();
    socket.start();
    online('e.1.h');
    const answer = socket.command('question.claim', { id: 'q1' }, { id: 'y'.repeat(22) });
    const error = { kind: 'conflict' as const, code: 'question.already_claimed', message: 'Người khác nhanh hơn.' };
    wire().say({ type: 'reply', reply: { to: 'y'.repeat(22), error } });
    await expect(answer).rejects.toMatchObject({ problem: error });
  });

  it('does not repeat an offer that must go out once', async () => {
    const { socket, wire, online } = setUp();
    socket.start();
    await expect(socket.command('media.join', { sdp: 'v=0' }, { again: false })).rejects.toBeInstanceOf(ProblemError);
    online('e.1.h');
    const answer = socket.command('media.join', { sdp: 'v=0' }, { again: false });
    wire().hangUp(1006);
    await expect(answer).rejects.toMatchObject({ problem: { code: 'page.connection_lost' } });
    vi.advanceTimersByTime(250);
    wire().accept();
    wire().welcome(true);
    expect(wire().sent.map((message) => message.type)).toEqual(['hello']);
  });

  it('keeps at most eight commands under way', () => {
    const { socket, wire, online } = setUp();
    socket.start();
    online('e.1.h');
    for (let n = 0; n < 10; n++) socket.command('question.claim', { id: `q${n}` }).catch(() => undefined);
    const commands = () => wire().sent.filter((message) => message.type === 'command');
    expect(commands()).toHaveLength(8);
    const [first] = commands();
    if (first?.type !== 'command') throw new Error('not a command');
    wire().say({ type: 'reply', reply: { to: first.id, ok: {} } });
    expect(commands()).toHaveLength(9);
    socket.stop();
  });

  it('follows its codes again on every connection', () => {
    const { socket, wire, online } = setUp();
    socket.start();
    socket.follow('AAAA');
    socket.follow('BBBB');
    online('e.1.h');
    socket.unfollow('AAAA');
    expect(wire().sent.slice(1)).toEqual([
      { type: 'follow', code: 'AAAA' },
      { type: 'follow', code: 'BBBB' },
      { type: 'unfollow', code: 'AAAA' },
    ]);
    wire().hangUp(1006);
    vi.advanceTimersByTime(250);
    wire().accept();
    wire().welcome(true);
    expect(wire().sent.slice(1)).toEqual([{ type: 'follow', code: 'BBBB' }]);
  });

  it('says offline at once and takes the word back when the line still lives', () => {
    const listeners = new Map<string, () => void>();
    vi.stubGlobal('addEventListener', (name: string, listener: () => void) => listeners.set(name, listener));
    vi.stubGlobal('removeEventListener', (name: string) => listeners.delete(name));
    const { socket, wire, wires, online } = setUp();
    socket.start();
    online('e.1.h');
    listeners.get('offline')?.();
    expect(socket.state).toBe('offline');
    wire().events('e.1.h', 'e.2.h');
    expect(socket.state).toBe('online');
    listeners.get('offline')?.();
    listeners.get('online')?.();
    vi.advanceTimersByTime(7_000);
    expect(socket.state).toBe('reconnecting');
    vi.advanceTimersByTime(250);
    expect(wires).toHaveLength(2);
    socket.stop();
    expect(listeners.size).toBe(0);
  });

  it('closes for good when stopped', () => {
    const { socket, wire, wires, online } = setUp();
    socket.start();
    online('e.1.h');
    const last = wire();
    socket.stop();
    expect(last.closed).toBe(1000);
    vi.advanceTimersByTime(60_000);
    expect(wires).toHaveLength(1);
  });

  it('gives an attempt of a venue page five seconds, and comes back soon however long it was away', () => {
    const { socket, wires, online } = setUp('venue');
    socket.start();
    online('e.1.h');
    wires[0]?.hangUp(1006);
    // The line is down: no attempt gets anywhere. In a minute a moderator's page makes five.
    vi.advanceTimersByTime(60_000);
    expect(wires.length).toBeGreaterThanOrEqual(8);
    const before = wires.length;
    vi.advanceTimersByTime(20_000);
    expect(wires.length).toBeGreaterThanOrEqual(before + 2);
  });

  it('makes a connection anew that is suspected and silent, and no other', () => {
    const { socket, wire, wires, online } = setUp('venue');
    socket.start();
    online('e.1.h');
    vi.advanceTimersByTime(2_000);
    socket.suspect();
    expect(wire().closed).toBe(0);
    vi.advanceTimersByTime(1_500);
    socket.suspect();
    expect(wires[0]?.closed).toBe(1000);
    vi.advanceTimersByTime(250);
    expect(wires).toHaveLength(2);
    // One that is only just being made is left in peace.
    socket.suspect();
    expect(wires[1]?.closed).toBe(0);
  });
});
