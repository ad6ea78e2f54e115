import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Likeness, Question } from '../wire/wire.gen';
import { Alike } from './alike.svelte';

const at = '2022-10-28T01:00:00Z';
const question = (id: string): Question => ({ id, state: 'pending', text: `Hỏi ${id}`, submittedAt: at, changedAt: at });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('Alike', () => {
  it('asks for the card that stays open, not for those passed by, and leaves itself out', async () => {
    const ask = vi.fn((_body: string): Promise<Likeness[]> => Promise.resolve([{ id: 'c', percent: 100 }, { id: 'x', percent: 61 }]));
    const alike = new Alike(ask);
    for (const id of ['a', 'b', 'c']) alike.look(question(id));
    await vi.advanceTimersByTimeAsync(1_000);
    alike.look(question('c'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ask.mock.calls).toEqual([['Hỏi c']]);
    expect(alike.of(question('c'))).toEqual([{ id: 'x', percent: 61 }]);
    expect(alike.of(question('a'))).toEqual([]);
  });

  it('asks in the asker’s words and takes no answer for another card', async () => {
    let answer: (likes: Likeness[]) => void = () => undefined;
    const ask = vi.fn((_body: string) => new Promise<Likeness[]>((resolve) => (answer = resolve)));
    const alike = new Alike(ask);
    const reworded = { ...question('a'), original: 'Lời gốc' };
    alike.look(reworded);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ask).toHaveBeenCalledWith('Lời gốc');
    alike.look(question('b'));
    answer([{ id: 'x', percent: 61 }]);
    await vi.advanceTimersByTimeAsync(0);
    expect(alike.of(reworded)).toEqual([]);
  });

  it('is silent when the server cannot tell, and asks again later', async () => {
    const ask = vi.fn((_body: string): Promise<Likeness[]> => Promise.reject(new Error('limited')));
    const alike = new Alike(ask);
    alike.look(question('a'));
    await vi.advanceTimersByTimeAsync(1_000);
    alike.look(question('a'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ask).toHaveBeenCalledTimes(2);
    expect(alike.of(question('a'))).toEqual([]);
  });
});
