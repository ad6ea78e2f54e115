import { describe, expect, it } from 'vitest';
import type { Question, QuestionState } from '../wire/wire.gen';
import { wishOf } from './keys';
import { listsOf } from './lists';
import { reveal, slice } from './window';

function question(id: string, state: QuestionState, submitted: number, changed = submitted): Question {
  const at = (minute: number) => new Date(Date.UTC(2022, 9, 28, 1, minute)).toISOString();
  return { id, state, text: id, submittedAt: at(submitted), changedAt: at(changed) };
}

describe('listsOf', () => {
  it('lists what waits by age and what was decided by time, and leaves out the withdrawn', () => {
    const lists = listsOf([
      question('p2', 'pending', 9),
      question('p1', 'pending', 2),
      question('c', 'claimed', 1),
      question('a1', 'approved', 1, 20),
      question('a2', 'onAir', 2, 30),
      question('r', 'refused', 3),
      question('w', 'withdrawn', 4),
    ]);
    const ids = Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.map((entry) => entry.id)]));
    expect(ids).toEqual({ pending: ['p1', 'p2'], claimed: ['c'], approved: ['a2', 'a1'], refused: ['r'] });
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

  it('leaves browser shortcuts, held keys and composing alone', () => {
    expect(wishOf(stroke('a', { ctrlKey: true }))).toBeUndefined();
    expect(wishOf(stroke('a', { repeat: true }))).toBeUndefined();
    expect(wishOf(stroke('j', { repeat: true }))).toBe('down');
    expect(wishOf(stroke('e', { isComposing: true }))).toBeUndefined();
  });
});
