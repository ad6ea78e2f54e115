import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Question } from '../wire/wire.gen';
import { InStep } from './instep.svelte';

beforeEach(() => vi.useFakeTimers({ now: 1_666_918_800_000 }));
afterEach(() => vi.useRealTimers());

const question = (id: string): Question => ({ id, text: id }) as Question;
const [first, second] = [question('first'), question('second')];

test('P4 what is said beside the picture waits for the picture', () => {
  const step = new InStep();
  step.note(undefined, 'City Hall');
  expect(step.shown.holder, 'what was found holds at once').toBe('City Hall');
  step.follow(6000);
  step.note(first, 'City Hall');
  step.note(first, 'Ba Đình');
  vi.advanceTimersByTime(5999);
  expect(step.shown).toEqual({ question: undefined, holder: 'City Hall' });
  vi.advanceTimersByTime(1);
  expect(step.shown).toEqual({ question: first, holder: 'Ba Đình' });
});

test('P4 each comes in its own time', () => {
  const step = new InStep();
  step.note(undefined, '');
  step.follow(6000);
  step.note(first, '');
  vi.advanceTimersByTime(2000);
  step.note(second, '');
  vi.advanceTimersByTime(4000);
  expect(step.shown.question).toBe(first);
  vi.advanceTimersByTime(2000);
  expect(step.shown.question).toBe(second);
});

test('P4 a picture without delay shows it at once, a late one what it was then', () => {
  const step = new InStep();
  step.note(undefined, '');
  vi.advanceTimersByTime(10_000);
  step.note(first, '');
  expect(step.shown.question).toBe(first);
  vi.advanceTimersByTime(1000);
  step.follow(6000);
  expect(step.shown.question, 'the picture is from before the question').toBeUndefined();
  vi.advanceTimersByTime(5000);
  expect(step.shown.question).toBe(first);
  step.note(second, '');
  step.follow(0);
  expect(step.shown.question, 'WebRTC took over').toBe(second);
});

test('P4 what is long past is forgotten, what holds is not', () => {
  const step = new InStep();
  step.note(first, '');
  for (let i = 0; i < 100; i++) {
    vi.advanceTimersByTime(10_000);
    step.note(i % 2 === 0 ? second : first, '');
  }
  vi.advanceTimersByTime(600_000);
  step.follow(6000);
  expect(step.shown.question).toBe(first);
});
