import { describe, expect, it } from 'vitest';
import type { View } from '../live/reduce';
import type { Question, QuestionState } from '../wire/wire.gen';
import { fitTiles, shortName, step } from './grid';
import { Guard, SLIP_MS } from './guard';
import { actionOf, type Pressed } from './keys';
import { mayEdit, moveBefore, neighbour, outcome, rows, runningOrder, shownName } from './order';

function question(id: string, state: QuestionState, changed = 0): Question {
  const at = new Date(changed).toISOString();
  return { id, state, text: id, submittedAt: at, changedAt: at };
}

function view(questions: Question[], queue: string[], onAir = ''): View {
  return {
    conference: { id: 'c', title: '', state: 'open', startsAt: '', public: true, venues: [], topics: [] },
    questions: new Map(questions.map((q) => [q.id, q])),
    queue,
    onAir,
    floor: { main: 'm' },
    venues: new Map(),
    votes: new Map(),
    absent: new Set(),
  };
}

describe('runningOrder', () => {
  const order = runningOrder(
    view(
      [
        question('late', 'approved', 9),
        question('early', 'approved', 1),
        question('a', 'queued'),
        question('b', 'queued'),
        question('s', 'staged'),
        question('x', 'onAir'),
        question('done', 'answered'),
        question('p', 'pending'),
      ],
      ['s', 'b', 'a', 'unknown'],
      'x',
    ),
  );

  it('follows the queue, not the order of asking', () => {
    expect(rows(order).map((q) => q.id)).toEqual(['s', 'b', 'a', 'early', 'late']);
    expect([order.onAir?.id, order.staged?.id]).toEqual(['x', 's']);
  });

  it('keeps what was recalled apart, the latest first, between the queue and what is approved', () => {
    const all = [question('r1', 'recalled', 1), question('r2', 'recalled', 2), question('q', 'queued'), question('a', 'approved')];
    expect(rows(runningOrder(view(all, ['q']))).map((q) => q.id)).toEqual(['q', 'r2', 'r1', 'a']);
  });

  it.each([
    ['time', ['early', 'middle', 'late']],
    ['votes', ['late', 'early', 'middle']],
    ['topic', ['middle', 'late', 'early']],
  ] as const)('sorts what is approved by %s', (sort, want) => {
    const all = [
      { ...question('late', 'approved', 9), topic: 't2' },
      { ...question('early', 'approved', 1), topic: 'unknown' },
      { ...question('middle', 'approved', 5), topic: 't1' },
    ];
    const seen = view(all, []);
    const topics = ['t1', 't2'].map((id) => ({ id, name: id }));
    const full = { ...seen, conference: { ...seen.conference, topics }, votes: new Map([['late', 3]]) };
    expect(runningOrder(full, sort).approved.map((q) => q.id)).toEqual(want);
  });

  it('walks with J and K and stops at the ends', () => {
    const all = rows(order);
    expect(neighbour(all, '', 1)).toBe('s');
    expect(neighbour(all, 'b', 1)).toBe('a');
    expect(neighbour(all, 'late', 1)).toBe('late');
    expect(neighbour(all, 's', -1)).toBe('s');
    expect(neighbour([], 's', 1)).toBe('');
  });

  it('moves before the right neighbour', () => {
    const queue = ['1', '2', '3'].map((id) => question(id, 'queued'));
    expect(moveBefore(queue, '2', -1)).toBe('1');
    expect(moveBefore(queue, '1', 1)).toBe('3');
    expect(moveBefore(queue, '2', 1)).toBe('');
    expect(moveBefore(queue, '3', 1)).toBeUndefined();
    expect(moveBefore(queue, '1', -1)).toBeUndefined();
    expect(moveBefore(queue, 'nobody', 1)).toBeUndefined();
  });
});

describe('outcome', () => {
  it('counts what was answered, what is owed and what was carried over', () => {
    const at = new Date(0).toISOString();
    const seen = outcome(
      view(
        [
          { ...question('a', 'answered'), conclusion: { none: true, at } },
          { ...question('b', 'answered'), conclusion: { agency: 'Sở', due: '2026-12-01', at } },
          { ...question('c', 'partAnswered'), conclusion: { agency: 'Sở', due: '2026-12-01', at } },
          question('late', 'carriedOver', 9),
          question('early', 'carriedOver', 1),
          question('p', 'pending'),
        ],
        [],
      ),
    );
    expect([seen.answered, seen.partAnswered, seen.promised]).toEqual([2, 1, 2]);
    expect(seen.carriedOver.map((q) => q.id)).toEqual(['early', 'late']);
  });
});

describe('a question on the stage', () => {
  it('is reworded between approval and air', () => {
    const states = ['approved', 'queued', 'staged', 'onAir', 'recalled', 'answered'] as const;
    expect(states.map((state) => mayEdit(question('q', state)))).toEqual([true, true, true, false, false, false]);
  });

  it('shows the name only when the asker agreed and a moderator showed it', () => {
    const named = { ...question('q', 'approved'), name: 'Lê Văn A' };
    expect(shownName({ ...named, mayName: true, visibility: 'textName' })).toBe('Lê Văn A');
    expect(shownName({ ...named, mayName: true, visibility: 'text' })).toBe('');
    expect(shownName({ ...named, visibility: 'textName' })).toBe('');
  });
});

describe('fitTiles', () => {
  it.each([
    ['1440×900', 655, 640, 100],
    ['1920×1080', 950, 820, 130],
  ])('shows thirty-one venues at %s without scrolling', (_, width, height, atLeast) => {
    const fitted = fitTiles(31, { width, height, caption: 38, gap: 6 });
    const lines = Math.ceil(31 / fitted.columns);
    const high = lines * ((fitted.width * 9) / 16 + 38) + 6 * (lines - 1);
    expect(fitted.width).toBeGreaterThanOrEqual(atLeast);
    expect(fitted.width * fitted.columns + 6 * (fitted.columns - 1)).toBeLessThanOrEqual(width);
    expect(high).toBeLessThanOrEqual(height);
  });

  it('gives few venues large tiles', () => {
    const room = { width: 640, height: 700, caption: 26, gap: 6 };
    expect(fitTiles(1, room)).toEqual({ columns: 1, width: 640 });
    expect(fitTiles(6, room).columns).toBe(2);
    expect(fitTiles(0, room).columns).toBe(1);
  });
});

it('shortName keeps what tells places apart', () => {
  expect(['Quận Bắc Từ Liêm', 'Thị xã Sơn Tây', 'Quận 1', 'UBND Thành phố', 'UBND Thành phố Hà Nội'].map(shortName)).toEqual([
    'Bắc Từ Liêm',
    'Sơn Tây',
    'Quận 1',
    'UBND Thành phố',
    'UBND Hà Nội',
  ]);
});

describe('arrow keys', () => {
  it('move over the grid and hold at its edges', () => {
    expect(step('ArrowRight', 0, 5, 2)).toBe(1);
    expect(step('ArrowDown', 1, 5, 2)).toBe(3);
    expect(step('ArrowDown', 3, 5, 2)).toBe(3);
    expect(step('ArrowUp', 1, 5, 2)).toBe(1);
    expect(step('ArrowLeft', -1, 5, 2)).toBe(0);
    expect(step('ArrowLeft', -1, 0, 2)).toBeUndefined();
    expect(step('Enter', 0, 5, 2)).toBeUndefined();
  });
});

describe('actionOf', () => {
  const press = (code: string, more: Partial<Pressed> = {}): Pressed => ({
    code,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    repeat: false,
    isComposing: false,
    ...more,
  });

  it('knows its keys, on the keypad too', () => {
    expect(actionOf(press('KeyG'))).toBe('give');
    expect(actionOf(press('KeyC'))).toBe('beside');
    expect([actionOf(press('Digit0')), actionOf(press('Numpad0'))]).toEqual(['cityHall', 'cityHall']);
    expect(actionOf(press('KeyJ', { shiftKey: true }))).toBe('moveDown');
    expect(['KeyD', 'KeyR', 'KeyE', 'KeyF', 'KeyB'].map((code) => actionOf(press(code)))).toEqual(['answer', 'recall', 'edit', 'fairFront', 'fairness']);
    expect(actionOf(press('KeyX'))).toBeUndefined();
  });

  it('does nothing while a key is held down, or with a modifier', () => {
    expect(actionOf(press('KeyG', { repeat: true }))).toBeUndefined();
    expect(actionOf(press('KeyK', { repeat: true }))).toBe('previousQuestion');
    expect(actionOf(press('KeyK', { repeat: true, shiftKey: true }))).toBeUndefined();
    expect(actionOf(press('KeyS', { ctrlKey: true }))).toBeUndefined();
    expect(actionOf(press('KeyD', { shiftKey: true }))).toBeUndefined();
    expect(actionOf(press('KeyG', { isComposing: true }))).toBeUndefined();
  });
});

describe('Guard', () => {
  it('lets one action through at a time', async () => {
    const guard = new Guard(() => 0);
    let end: () => void = () => undefined;
    const first = guard.run('give', () => new Promise((resolve) => (end = resolve)));
    expect(await guard.run('takeBack', () => Promise.resolve())).toBe(false);
    end();
    expect(await first).toBe(true);
    expect(await guard.run('takeBack', () => Promise.resolve())).toBe(true);
  });

  it('takes the same key at once for a slip, later for a wish', async () => {
    let now = 0;
    const guard = new Guard(() => now);
    const done: string[] = [];
    const act = (name: string) => guard.run(name, () => Promise.resolve(void done.push(name)));
    await act('give');
    now = SLIP_MS - 1;
    await act('give');
    now = SLIP_MS;
    await act('give');
    expect(done).toEqual(['give', 'give']);
  });

  it('is free again after a failure', async () => {
    const guard = new Guard(() => 0);
    await expect(guard.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await guard.run('b', () => Promise.resolve())).toBe(true);
  });
});
