import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemError } from '../live/problem';
import type { Question } from '../wire/wire.gen';
import { KEEP_EVERY_MS, Lease } from './lease.svelte';

const start = Date.parse('2022-10-28T01:00:00Z');
const pending: Question = { id: 'q', state: 'pending', text: 'q', submittedAt: '2022-10-28T01:00:00Z', changedAt: '2022-10-28T01:00:00Z' };
const claimed: Question = { ...pending, state: 'claimed', claim: { session: 'me', person: 'Hoa', at: '2022-10-28T01:00:00Z' } };
const taken: Question = { ...claimed, claim: { session: 'other', person: 'Minh', at: '2022-10-28T01:01:00Z' } };

function conflict(question?: Question): ProblemError {
  return new ProblemError({ kind: 'conflict', code: 'question.claimed_by_other', message: '', ...(question ? { question } : {}) });
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('Lease', () => {
  it('Q2 prolongs the open card every 30 s, and no card that is not open', async () => {
    const keep = vi.fn(() => Promise.resolve());
    const lease = new Lease(keep);
    lease.watch(claimed, true, start);
    expect(keep).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(3 * KEEP_EVERY_MS);
    expect(keep.mock.calls).toEqual([['q'], ['q'], ['q']]);
    lease.watch({ ...pending, id: 'other' }, false, start);
    await vi.advanceTimersByTimeAsync(10 * KEEP_EVERY_MS);
    expect(keep).toHaveBeenCalledTimes(3);
    expect(lease.lost).toBeNull();
  });

  it('prolongs at once a card that is opened again', () => {
    const keep = vi.fn(() => Promise.resolve());
    new Lease(keep).watch(claimed, true, start + 80_000);
    expect(keep).toHaveBeenCalledOnce();
  });

  it('tells who took the card over, and that it lapsed', () => {
    const lease = new Lease(() => Promise.resolve());
    lease.watch(claimed, true, start);
    lease.watch(taken, false, start);
    expect(lease.lost).toEqual({ id: 'q', by: 'Minh' });
    lease.watch(pending, false, start);
    expect(lease.lost).toEqual({ id: 'q', by: '' });
    lease.watch(claimed, true, start);
    expect(lease.lost).toBeNull();
  });

  it('learns of the loss from the answer when the event is late', async () => {
    const lease = new Lease(() => Promise.reject(conflict(taken)));
    lease.watch(claimed, true, start);
    await vi.advanceTimersByTimeAsync(KEEP_EVERY_MS);
    expect(lease.lost).toEqual({ id: 'q', by: 'Minh' });
  });

  it('keeps on through a lost connection', async () => {
    const keep = vi.fn(() => Promise.reject(new ProblemError({ kind: 'unavailable', code: 'x', message: '' })));
    const lease = new Lease(keep);
    lease.watch(claimed, true, start);
    await vi.advanceTimersByTimeAsync(2 * KEEP_EVERY_MS);
    expect(keep).toHaveBeenCalledTimes(2);
    expect(lease.lost).toBeNull();
  });

  it('lets one sign of life wait for its answer, and goes on after it', async () => {
    let answer: () => void = () => undefined;
    const keep = vi.fn(() => new Promise<void>((resolve) => (answer = resolve)));
    const lease = new Lease(keep);
    lease.watch(claimed, true, start);
    await vi.advanceTimersByTimeAsync(4 * KEEP_EVERY_MS);
    expect(keep).toHaveBeenCalledOnce();
    answer();
    await vi.advanceTimersByTimeAsync(KEEP_EVERY_MS);
    expect(keep).toHaveBeenCalledTimes(2);
  });

  it('takes its own decision for no loss, whichever of event and reply comes first', async () => {
    const keep = vi.fn(() => Promise.resolve());
    const lease = new Lease(keep);
    lease.watch(claimed, true, start);
    lease.ends('q');
    lease.watch(claimed, true, start); // the event is late
    await vi.advanceTimersByTimeAsync(KEEP_EVERY_MS);
    expect(keep).not.toHaveBeenCalled();
    lease.watch({ ...pending, state: 'approved' }, false, start);
    expect(lease.lost).toBeNull();
    lease.watch(claimed, true, start); // undone and claimed again
    await vi.advanceTimersByTimeAsync(KEEP_EVERY_MS);
    expect(keep).toHaveBeenCalledOnce();
  });

  it('goes on when the decision was refused', async () => {
    const keep = vi.fn(() => Promise.resolve());
    const lease = new Lease(keep);
    lease.watch(claimed, true, start);
    lease.ends('q');
    lease.wants('q');
    lease.watch(claimed, true, start);
    await vi.advanceTimersByTimeAsync(KEEP_EVERY_MS);
    expect(keep).toHaveBeenCalledOnce();
  });
});
