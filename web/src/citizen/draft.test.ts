import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Draft, questionLength } from './draft.svelte';
import { Mine } from './mine.svelte';
import { publicList } from './select';

class Storage {
  readonly #items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#items.set(key, value);
  }
}

beforeEach(() => {
  vi.stubGlobal('localStorage', new Storage());
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

describe('Mine', () => {
  it('keeps codes newest first, each once', () => {
    const mine = new Mine('c');
    for (const code of ['A', 'B', 'A']) mine.add(code);
    expect(new Mine('c').codes).toEqual(['A', 'B']);
    mine.remove('A');
    expect(new Mine('c').codes).toEqual(['B']);
    expect(new Mine('other').codes).toEqual([]);
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

  it('puts what is on air first, then the running order, then the newest', () => {
    const ids = publicList(all, ['q1', 'q2'], { topic: '', venue: '' }).map((entry) => entry.id);
    expect(ids).toEqual(['air', 'q1', 'q2', 'new', 'old']);
  });

  it('filters by topic and venue', () => {
    expect(publicList(all, [], { topic: 'phi', venue: '' }).map((entry) => entry.id)).toEqual(['old']);
    expect(publicList(all, [], { topic: '', venue: 'ba-dinh' })).toEqual([]);
  });
});
