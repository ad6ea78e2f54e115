import { beforeEach, describe, expect, it } from 'vitest';
import { ProblemError } from '../live/problem';
import type { SessionInfo } from '../session/session.svelte';
import { Keeper } from './keeper.svelte';
import type { Answer, Line } from './line';
import type { Listed } from './list';
import { FakeStore } from './store.fake';
import { ticketOf } from './ticket';

const session: SessionInfo = { session: 's', role: 'registrar', venue: 'ba-vi', conference: 'c', expiresAt: '' };
const code = (n: number) => ticketOf([n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
const away = () => new ProblemError({ kind: 'unavailable', code: 'page.connection_lost', message: '' });
const refused = (code: string) => new ProblemError({ kind: 'forbidden', code, message: '' });
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

interface Look {
  scanID: string;
  code: string;
  at: string;
}

/** A server with one venue; every look it took is in `merged`, by its id. */
class FakeServer implements Line {
  readonly raw = crypto.getRandomValues(new Uint8Array(32));
  readonly people: Listed[] = [1, 2, 3].map((n) => ({ registration: `r${n}`, code: code(n), name: `Người ${n}`, state: 'confirmed' }));
  readonly merged = new Map<string, { code: string; at: string; times: number }>();
  readonly asked: string[] = [];
  readonly undone: string[] = [];
  nowMs = Date.parse('2022-10-28T01:00:00Z');
  /** What happens to a request, by the end of its path; before: nothing of it arrives. */
  fate: (path: string) => 'answer' | 'before' | 'after' | ProblemError = () => 'answer';

  async ask<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const what = path.split('/').slice(5).join('/');
    this.asked.push(`${method} ${what}`);
    const fate = this.fate(what);
    if (fate instanceof ProblemError) throw fate;
    if (fate === 'before') throw away();
    const value = await this.#do(what, body as Record<string, unknown>);
    if (fate === 'after') throw away();
    return { value: value as T, serverMs: Math.floor(this.nowMs / 1000) * 1000 };
  }

  async #do(what: string, body: Record<string, unknown>): Promise<unknown> {
    if (what === 'devices') return { device: 'd1', key: base64(this.raw), venue: 'ba-vi', expiresAt: '2022-10-30T01:00:00Z' };
    if (what === 'registration') return { privacy: { version: 'v1' } };
    if (what === '') return [{ id: 'c', venues: [{ id: 'ba-vi', name: 'Ba Vì' }] }];
    if (what === 'devices/d1') return { checkedIn: 0 };
    if (what === 'devices/d1/list') return this.#list();
    if (what === 'registrations/counts') return [{ venue: 'ba-vi', seats: 9, confirmed: 3, reserved: 0, waiting: 0, checkedIn: 0 }];
    if (what === 'registrations/checkin') return { colour: 'green', result: this.#take(body as unknown as Look), name: 'Người' };
    if (what === 'registrations/merge') {
      const scans = body['scans'] as Look[];
      return { flagged: 0, merged: scans.map((scan) => ({ scanID: scan.scanID, result: this.#take(scan) })) };
    }
    if (what === 'registrations/undo') this.undone.push(String(body['code']));
    if (what === 'registrations/desk') return { code: code(8) };
    return {};
  }

  #take({ scanID, code: ticket, at }: Look): string {
    const known = this.merged.get(scanID);
    this.merged.set(scanID, { code: ticket, at, times: (known?.times ?? 0) + 1 });
    return 'in';
  }

  async #list(): Promise<unknown> {
    const key = await crypto.subtle.importKey('raw', this.raw, 'AES-GCM', false, ['encrypt']);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const text = new TextEncoder().encode(JSON.stringify({ venue: 'ba-vi', at: new Date(this.nowMs).toISOString(), people: this.people }));
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: new TextEncoder().encode('c\0d1') }, key, text);
    return { nonce: base64(iv), sealed: base64(new Uint8Array(sealed)) };
  }
}

let server: FakeServer;
let store: FakeStore;
let clock: number;
let ids: number;

function keeperOf(): Keeper {
  return new Keeper({ store, line: server, now: () => clock, id: () => `scan-${++ids}` });
}

async function atWork(): Promise<Keeper> {
  const keeper = keeperOf();
  await keeper.open();
  await keeper.enrol(session, 'ba-vi', 'Cửa trước');
  return keeper;
}

beforeEach(() => {
  server = new FakeServer();
  store = new FakeStore();
  clock = server.nowMs;
  ids = 0;
});

describe('R2 Keeper', () => {
  it('writes a look down before its colour is shown, and asks the server with the same id', async () => {
    const keeper = await atWork();
    store.beforeAdd = () => expect(keeper.verdict).toBeNull();
    await keeper.scan(code(1));
    expect(keeper.verdict).toMatchObject({ colour: 'green', result: 'in' });
    expect(keeper.online).toBe(true);
    expect([...server.merged.keys()]).toEqual([store.list[0]?.scanID]);
    expect(keeper.waiting).toBe(0);
  });

  it.each(['before', 'after'] as const)('decides by itself when no answer comes (%s the server took it), and the look is there once', async (fate) => {
    const keeper = await atWork();
    server.fate = (what) => (what === 'registrations/checkin' ? fate : what === 'devices/d1' ? 'before' : 'answer');
    await keeper.scan(code(1));
    expect(keeper.verdict).toMatchObject({ colour: 'green', offline: true });
    expect([keeper.online, keeper.waiting]).toEqual([false, 1]);
    await keeper.scan(code(1));
    expect(keeper.verdict?.result).toBe('again');
    await keeper.scan(code(2));
    server.fate = () => 'answer';
    await keeper.contact();
    expect([keeper.online, keeper.waiting]).toEqual([true, 0]);
    expect([...server.merged.values()].map((look) => look.code)).toEqual([code(1), code(1), code(2)]);
  });

  it('goes on where a killed tab stopped, and sends the same ids until they are acknowledged', async () => {
    await (await atWork()).open();
    server.fate = () => 'before';
    const first = keeperOf();
    await first.open();
    for (const n of [1, 2]) await first.scan(code(n));
    const second = keeperOf();
    await second.open();
    expect(second.waiting).toBe(2);
    await second.scan(code(2));
    expect(second.verdict?.result).toBe('again');
    server.fate = (what) => (what === 'registrations/merge' ? 'after' : 'answer');
    await second.contact();
    expect([second.online, second.waiting]).toEqual([false, 3]);
    server.fate = () => 'answer';
    await keeperOf().open();
    const third = keeperOf();
    await third.open();
    await third.contact();
    expect(third.waiting).toBe(0);
    expect([...server.merged.values()].map(({ times }) => times)).toEqual([2, 2, 2]);
    expect(server.merged.size).toBe(3);
  });

  it('erases list and key when it is revoked, and says nothing any more; what waits stays', async () => {
    const keeper = await atWork();
    server.fate = () => 'before';
    await keeper.scan(code(1));
    server.fate = () => refused('device.revoked');
    await keeper.contact();
    expect([keeper.phase, keeper.book, keeper.waiting]).toEqual(['revoked', null, 1]);
    expect([store.kept?.key, store.kept?.list]).toEqual([undefined, undefined]);
    await keeper.scan(code(2));
    expect(keeper.verdict).toBeNull();
    const again = keeperOf();
    await again.open();
    expect(again.phase).toBe('revoked');
    server.fate = () => 'answer';
    await again.enrol(session, 'ba-vi', 'Cửa trước');
    expect([again.phase, again.waiting, server.merged.size]).toEqual(['ready', 0, 1]);
  });

  it('ends after its 48 hours, without a network too', async () => {
    const keeper = await atWork();
    server.fate = () => 'before';
    clock += 49 * 3_600_000;
    await keeper.contact();
    expect([keeper.phase, store.kept?.key]).toEqual(['expired', undefined]);
  });

  it('tells by how much its clock is off, and writes the server’s time down', async () => {
    clock += 10 * 60_000;
    const keeper = await atWork();
    expect(Math.round(keeper.skewMs / 60_000)).toBe(-10);
    server.fate = () => 'before';
    await keeper.scan(code(1));
    expect(Math.abs(Date.parse(store.list[0]?.at ?? '') - server.nowMs)).toBeLessThan(1000);
  });

  it('takes back what was never sent without a trace, and what was sent by asking', async () => {
    const keeper = await atWork();
    server.fate = () => 'before';
    await keeper.contact();
    await keeper.scan(code(1));
    await keeper.undo();
    expect(store.list).toEqual([]);
    await keeper.scan(code(1));
    expect(keeper.verdict?.result).toBe('in');
    server.fate = () => 'answer';
    await keeper.contact();
    await keeper.undo();
    await keeper.contact();
    expect(server.asked.filter((what) => what === 'POST registrations/undo')).toHaveLength(1);
    expect(keeper.canUndo).toBe(false);
  });

  it('keeps a walk-in sealed until the server has it', async () => {
    const keeper = await atWork();
    server.fate = () => 'before';
    await keeper.contact();
    await keeper.walkIn('Bà Hoa', '0912345678');
    expect(keeper.verdict).toMatchObject({ colour: 'green', walkIn: true });
    expect(JSON.stringify(store.list)).not.toContain('Hoa');
    const bytes = (store.list[0] as { sealed: Uint8Array }).sealed;
    expect(new TextDecoder().decode(bytes)).not.toContain('Hoa');
    server.fate = (what) => (what === 'registrations/desk' ? new ProblemError({ kind: 'conflict', code: 'registration.venue_full', message: '' }) : 'answer');
    await keeper.contact();
    expect([keeper.waiting, keeper.flagged[0]?.flagged]).toEqual([0, 'registration.venue_full']);
  });

  it('takes a walk-in back by the ticket it was given meanwhile', async () => {
    const keeper = await atWork();
    await keeper.walkIn('Bà Hoa', '');
    await keeper.contact();
    expect(keeper.waiting).toBe(0);
    await keeper.undo();
    await keeper.contact();
    expect(server.undone).toEqual([code(8)]);
  });

  it('does not let one ticket that is refused stop the others', async () => {
    const keeper = await atWork();
    server.fate = () => 'before';
    for (const n of [1, 2, 3]) await keeper.scan(code(n));
    let merges = 0;
    const conflict = new ProblemError({ kind: 'conflict', code: 'registration.too_many_scans', message: '' });
    // The three at once, then the first alone.
    server.fate = (what) => (what === 'registrations/merge' && ++merges <= 2 ? conflict : 'answer');
    await keeper.contact();
    expect([keeper.waiting, keeper.flagged.length]).toEqual([0, 1]);
    expect([...server.merged.values()].map((look) => look.code)).toEqual([code(2), code(3)]);
  });
});
