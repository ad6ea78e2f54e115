import { describe, expect, it } from 'vitest';
import type { Question, QuestionState } from '../wire/wire.gen';
import { ageOf } from './age';
import { dialogOf, wishOf } from './keys';
import { listsOf, NO_VENUE } from './lists';
import type { Lists } from './lists';
import { reveal, slice } from './window';

function question(id: string, state: QuestionState, submitted: number, changed = submitted): Question {
  const at = (minute: number) => new Date(Date.UTC(2022, 9, 28, 1, minute)).toISOString();
  return { id, state, text: id, submittedAt: at(submitted), changedAt: at(changed) };
}

describe('listsOf', () => {
  const claim = { session: 'me', person: 'Hoa', at: '2022-10-28T01:00:00Z' };
  const all = [
    question('p2', 'pending', 9),
    question('p1', 'pending', 2),
    { ...question('c', 'claimed', 1), claim },
    { ...question('d', 'claimed', 3), claim: { ...claim, session: 'other' } },
    { ...question('h', 'held', 5), hold: { rule: 'words' } },
    { ...question('g', 'claimed', 4), claim, hold: { rule: 'links' } },
    question('a1', 'approved', 1, 20),
    question('a2', 'onAir', 2, 30),
    question('r', 'refused', 3),
    question('w', 'withdrawn', 4),
  ];
  const ids = (lists: Lists) => Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.map((entry) => entry.id)]));

  it('keeps claimed rows where they were, sorts what waits by age and what is decided by time', () => {
    expect(ids(listsOf(all, 'me'))).toEqual({
      waiting: ['c', 'p1', 'd', 'p2'],
      held: ['g', 'h'],
      mine: ['c', 'g'],
      decided: ['a2', 'a1', 'r'],
    });
  });

  it('is narrowed by topic and by venue, also to what names none', () => {
    const placed = all.map((one, index) => (index < 2 ? { ...one, topic: 'so-do', venue: 'phu-loc' } : one));
    expect(ids(listsOf(placed, 'me', { topic: 'so-do', venue: '' })).waiting).toEqual(['p1', 'p2']);
    expect(ids(listsOf(placed, 'me', { topic: '', venue: 'phu-loc' })).waiting).toEqual(['p1', 'p2']);
    expect(ids(listsOf(placed, 'me', { topic: '', venue: NO_VENUE })).waiting).toEqual(['c', 'd']);
  });

  it('orders whole and broken seconds', () => {
    const at = (id: string, submittedAt: string): Question => ({ id, state: 'pending', text: id, submittedAt, changedAt: submittedAt });
    const lists = listsOf([at('b', '2022-10-28T01:00:00.5Z'), at('a', '2022-10-28T01:00:00Z')], 'me');
    expect(ids(lists).waiting).toEqual(['a', 'b']);
  });
});

describe('slice', () => {
  it('draws a screenful of thousands', () => {
    const part = slice(5000, 100, 250_000, 700);
    expect(part).toEqual({ from: 2494, to: 2513 });
  });

  it('stays within the list', () => {
    expect(slice(3, 100, 0, 700)).toEqual({ from: 0, to: 3 });
    expect(slice(0, 100, 0, 700)).toEqual({ from: 0, to: 0 });
    expect(slice(3, 100, 9_000, 700)).toEqual({ from: 3, to: 3 });
  });
});

describe('reveal', () => {
  it('scrolls only as far as needed', () => {
    expect(reveal(0, 100, 500, 300)).toBe(0);
    expect(reveal(6, 100, 500, 300)).toBe(500);
    expect(reveal(9, 100, 500, 300)).toBe(700);
  });
});

describe('wishOf', () => {
  const stroke = (key: string, change: Partial<KeyboardEvent> = {}) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    repeat: false,
    isComposing: false,
    ...change,
  });

  it('knows both cases of a letter', () => {
    expect(wishOf(stroke('a'))).toBe('approve');
    expect(wishOf(stroke('A'))).toBe('approve');
    expect(wishOf(stroke('?'))).toBe('help');
    expect(wishOf(stroke('Escape'))).toBe('release');
    expect(wishOf(stroke('x'))).toBeUndefined();
  });

  it('has one key for every decision, and a dialog for those that need words', () => {
    const decisions = ['a', 'e', 'm', 't', 'r', 'd', 'w', 'u', 'o', 'v', 'p', 'b'].map((key) => wishOf(stroke(key)));
    expect(decisions).toEqual(['approve', 'edit', 'merge', 'return', 'refuse', 'redirect', 'write', 'undo', 'takeOver', 'visibility', 'phone', 'lead']);
    expect(decisions.map((wish) => wish && dialogOf(wish))).toEqual([
      undefined, 'edit', 'merge', 'return', 'refuse', 'redirect', 'write', undefined, 'takeOver', undefined, undefined, undefined,
    ]);
    expect(wishOf(stroke('3'))).toBe('lane3');
  });

  it('leaves browser shortcuts, held keys and composing alone', () => {
    expect(wishOf(stroke('a', { ctrlKey: true }))).toBeUndefined();
    expect(wishOf(stroke('a', { repeat: true }))).toBeUndefined();
    expect(wishOf(stroke('j', { repeat: true }))).toBe('down');
    expect(wishOf(stroke('e', { isComposing: true }))).toBeUndefined();
  });
});

describe('ageOf', () => {
  it('warns past five minutes and alarms past ten', () => {
    expect([0, 299_999, 300_000, 599_999, 600_000].map(ageOf)).toEqual(['fresh', 'fresh', 'late', 'late', 'overdue']);
  });
});
