import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OK } from '../wire/wire.gen';
import { FakeStorage } from './storage.fake';
import { Votes, voterOf } from './votes.svelte';

interface Sent {
  readonly body: { id: string; voter: string; on: boolean };
  readonly resolve: (ok: OK) => void;
  readonly reject: (error: unknown) => void;
}

function setUp() {
  const sent: Sent[] = [];
  const refused: unknown[] = [];
  const command = (_name: string, body: Sent['body']) =>
    new Promise<OK>((resolve, reject) => sent.push({ body, resolve, reject }));
  const socket = { command } as ConstructorParameters<typeof Votes>[1];
  const answer = async (index: number, error?: unknown) => {
    if (error) sent[index]?.reject(error);
    else sent[index]?.resolve({});
    await vi.advanceTimersByTimeAsync(0);
  };
  return { votes: new Votes('c', socket, (error) => refused.push(error)), sent, refused, answer };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('localStorage', new FakeStorage());
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('voterOf', () => {
  it('is a secret of 128 bits that stays, one for each conference', () => {
    const secret = voterOf('c');
    expect(secret).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(voterOf('c')).toBe(secret);
    expect(voterOf('other')).not.toBe(secret);
    localStorage.setItem('diemcau.voter.c', '"short"');
    expect(voterOf('c')).not.toBe('short');
  });
});

describe('Votes', () => {
  it('shows the vote at once and is corrected by the total', async () => {
    const { votes, sent, answer } = setUp();
    votes.toggle('a', 4);
    expect([votes.has('a'), votes.total('a', 4)]).toEqual([true, 5]);
    expect(sent[0]?.body).toEqual({ id: 'a', voter: voterOf('c'), on: true });
    expect(votes.total('a', 9)).toBe(9);
    await answer(0);
    expect(votes.total('a', 4)).toBe(5);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([votes.has('a'), votes.total('a', 5)]).toEqual([true, 5]);
    expect(votes.total('a', 4)).toBe(4);
  });

  it('takes a vote back, also while the first is under way, and sends one at a time', async () => {
    const { votes, sent, answer } = setUp();
    votes.toggle('a', 4);
    votes.toggle('a', 4);
    expect([votes.has('a'), votes.total('a', 4), sent.length]).toEqual([false, 4, 1]);
    await answer(0);
    expect(sent.map(({ body }) => body.on)).toEqual([true, false]);
    await answer(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([votes.has('a'), votes.total('a', 4)]).toEqual([false, 4]);
  });

  it('goes back to what was when refused', async () => {
    const { votes, refused, answer } = setUp();
    votes.toggle('a', 4);
    const error = new Error('question.votes_closed');
    await answer(0, error);
    expect([votes.has('a'), votes.total('a', 4), refused]).toEqual([false, 4, [error]]);
  });

  it('remembers acknowledged votes only', async () => {
    const { votes, answer } = setUp();
    votes.toggle('a', 0);
    votes.toggle('b', 0);
    await answer(0);
    const again = setUp().votes;
    expect([again.has('a'), again.has('b')]).toEqual([true, false]);
    again.toggle('a', 1);
    expect([again.has('a'), again.total('a', 1)]).toEqual([false, 0]);
  });
});
