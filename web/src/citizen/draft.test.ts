import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Draft, questionLength } from './draft.svelte';
import { followedOf, mineOf } from './kept.svelte';
import { publicList } from './select';
import type { Choice } from './select';
import { FakeStorage } from './storage.fake';

beforeEach(() => {
  vi.stubGlobal('localStorage', new FakeStorage());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('Draft', () => {
  it('J5 survives a reload with the same key, frozen while it is under way', () => {
    const draft = new Draft('c');
    draft.topic = 'so-do';
    draft.body = 'Bao giờ có sổ?';
    draft.freeze();
    const again = new Draft('c');
    expect([again.topic, again.body, again.key, again.sending]).toEqual(['so-do', 'Bao giờ có sổ?', draft.key, true]);
  });

  it('takes a new key after a refusal and after success', () => {
    const draft = new Draft('c');
    const first = draft.key;
    draft.body = 'x';
    draft.thaw();
    const second = draft.key;
    expect(draft.body).toBe('x');
    draft.done();
    expect(new Set([first, second, draft.key]).size).toBe(3);
    expect([draft.body, draft.step, draft.sending]).toEqual(['', 1, false]);
  });

  it('keeps the key while nobody knows what became of it, and takes a new one for other words', () => {
    const draft = new Draft('c');
    draft.body = 'x';
    const { key } = draft;
    draft.freeze();
    draft.thaw(false);
    expect([draft.key, draft.sending]).toEqual([key, false]);
    expect(new Draft('c').key).toBe(key);
    draft.body = 'y';
    const other = draft.key;
    expect(other).not.toBe(key);
    draft.body = 'z';
    expect(draft.key).toBe(other);
  });

  it('names nobody who did not say so', () => {
    const draft = new Draft('c');
    draft.body = ' Hỏi ';
    expect(draft.question).toEqual({ idempotencyKey: draft.key, body: 'Hỏi', topic: '' });
    draft.name = ' Bà Tư ';
    expect(draft.question).toMatchObject({ name: 'Bà Tư' });
    expect(draft.question.mayName).toBeUndefined();
    draft.mayName = true;
    draft.venue = 'ba-dinh';
    expect(draft.question).toMatchObject({ name: 'Bà Tư', mayName: true, venue: 'ba-dinh' });
    draft.name = ' ';
    expect([draft.mayName, draft.question.name]).toEqual([false, undefined]);
  });

  it('takes up what an earlier page kept', () => {
    localStorage.setItem('diemcau.draft.c', JSON.stringify({ step: 3, topic: 'phi', venue: '', body: 'x', key: 'k'.repeat(22), sending: true }));
    const draft = new Draft('c');
    expect([draft.body, draft.key, draft.sending, draft.name]).toEqual(['x', 'k'.repeat(22), true, '']);
  });

  it('starts anew when what was kept is not a draft', () => {
    localStorage.setItem('diemcau.draft.c', '{"step":9,"body":3}');
    expect(new Draft('c').body).toBe('');
    localStorage.setItem('diemcau.draft.c', 'not json');
    expect(new Draft('c').step).toBe(1);
  });

  it('works without storage', () => {
    vi.stubGlobal('localStorage', undefined);
    const draft = new Draft('c');
    draft.body = 'x';
    expect(draft.body).toBe('x');
  });
});

describe('questionLength', () => {
  it('counts characters as the server does', () => {
    expect(questionLength('đường')).toBe(5);
    expect(questionLength('đường'.normalize('NFD'))).toBe(5);
    expect(questionLength('  a 🏠 ')).toBe(3);
  });
});

describe('Kept', () => {
  it('keeps codes newest first, each once', () => {
    const mine = mineOf('c');
    for (const code of ['A', 'B', 'A']) mine.add(code);
    expect(mineOf('c').list).toEqual(['A', 'B']);
    mine.remove('A');
    expect(mineOf('c').list).toEqual(['B']);
    expect(mineOf('other').list).toEqual([]);
    expect(followedOf('c').has('B')).toBe(false);
  });

  it('forgets the oldest, and what is not a list', () => {
    const mine = mineOf('c');
    for (let i = 0; i < 25; i++) mine.add(`C${i}`);
    expect([mine.list.length, mine.has('C24'), mine.has('C4')]).toEqual([20, true, false]);
    localStorage.setItem('diemcau.mine.c', '{"0":"A"}');
    expect(mineOf('c').list).toEqual([]);
  });
});

describe('publicList', () => {
  const question = (id: string, state: 'approved' | 'queued' | 'onAir' | 'answered', minute: number) => ({
    id,
    state,
    text: id,
    topic: id === 'old' ? 'phi' : 'so-do',
    submittedAt: `2022-10-28T01:0${minute}:00Z`,
    changedAt: '2022-10-28T02:00:00Z',
  });
  const all = [question('old', 'answered', 1), question('new', 'approved', 5), question('q2', 'queued', 2), question('q1', 'queued', 3), question('air', 'onAir', 0)];

  const ids = (choice: Partial<Choice>, queue: string[] = ['q1', 'q2']) =>
    publicList(all, queue, { topic: '', venue: '', sort: 'order', followed: () => false, votes: () => 0, ...choice }).map(
      (entry) => entry.id,
    );

  it('puts what is on air first, then the running order, then the newest', () => {
    expect(ids({})).toEqual(['air', 'q1', 'q2', 'new', 'old']);
  });

  it('filters by topic and venue', () => {
    expect(ids({ topic: 'phi' })).toEqual(['old']);
    expect(ids({ venue: 'ba-dinh' })).toEqual([]);
  });

  it('sorts by votes, then by time, and by time alone', () => {
    const votes = (id: string) => ({ q2: 7, old: 7, q1: 1 })[id] ?? 0;
    expect(ids({ sort: 'votes', votes })).toEqual(['q2', 'old', 'q1', 'new', 'air']);
    expect(ids({ sort: 'newest', votes })).toEqual(['new', 'q1', 'q2', 'old', 'air']);
  });

  it('puts what is followed before all others', () => {
    expect(ids({ followed: (id) => id === 'old' })).toEqual(['old', 'air', 'q1', 'q2', 'new']);
    expect(ids({ followed: (id) => id === 'old', topic: 'so-do' })).not.toContain('old');
  });
});
