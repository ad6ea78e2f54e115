import { describe, expect, it } from 'vitest';
import type { Floor } from '../wire/wire.gen';
import { curve, stretches, type LineSample } from '../lines/history';
import { actionOf } from './keys';
import { liveTiles, orderHalls } from './wall';

const halls = ['an', 'bac', 'chi', 'dong'].map((id) => ({ id, name: id }));
const floor = (change: Partial<Floor> = {}): Floor => ({ main: 'city', ...change });

describe('orderHalls', () => {
  it.each([
    ['the list', 'list', floor({ holder: 'dong' }), ['chi'], ['an', 'bac', 'chi', 'dong']],
    ['hands first, the earliest before', 'hands', floor(), ['dong', 'bac'], ['dong', 'bac', 'an', 'chi']],
    ['before them who speaks and who is next', 'hands', floor({ holder: 'chi', preview: 'dong' }), ['bac'], ['chi', 'dong', 'bac', 'an']],
    ['everybody once', 'hands', floor({ holder: 'chi', preview: 'chi' }), ['chi'], ['chi', 'an', 'bac', 'dong']],
    ['City Hall is no hall', 'hands', floor({ holder: 'city' }), ['city', 'gone'], ['an', 'bac', 'chi', 'dong']],
  ] as const)('%s', (_, order, state, hands, want) => expect(orderHalls(halls, order, state, hands)).toEqual(want));
});

describe('liveTiles', () => {
  const page = ['city', 'an', 'bac'];
  it.each([
    ['the page shown', 'live', floor(), page],
    ['only who matters when all are stills', 'all', floor({ holder: 'dong', preview: 'chi' }), ['city', 'dong', 'chi']],
    ['nobody twice', 'all', floor({ holder: 'city', preview: '' }), ['city']],
    ['none behind the table', 'lines', floor({ holder: 'dong' }), []],
  ] as const)('%s', (_, shown, state, want) => expect(liveTiles(shown, page, state)).toEqual(want));
});

it('keys switch what is shown', () => {
  const press = (code: string) => actionOf({ code, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, repeat: false, isComposing: false });
  expect(['KeyV', 'KeyA', 'KeyL', 'KeyW'].map(press)).toEqual(['showLive', 'showAll', 'showLines', 'followHands']);
});

describe('history', () => {
  const now = Date.parse('2022-10-28T01:30:00Z');
  const sample = (minute: number, change: Partial<LineSample> = {}): LineSample => ({
    at: new Date(now - minute * 60_000).toISOString(), grade: 'good', upBits: 0, downBits: 0, lossUp: 0, lossDown: 0, rttMs: 0, jitterMs: 0, frozenMs: 0, height: 0, level: 0, ...change,
  });

  it('draws half an hour, the newest at the right', () => {
    const path = curve([sample(45), sample(30, { rttMs: 50 }), sample(29.9, { rttMs: 100 }), sample(0, { rttMs: 300 })], (s) => s.rttMs, 100, now);
    expect(path).toBe('M0.00 50.0L0.33 0.0M100.00 0.0');
  });

  it('joins what has one grade, and leaves holes', () => {
    const five = 5 / 60;
    const parts = stretches([sample(10), sample(10 - five), sample(10 - 2 * five, { grade: 'weak' }), sample(5), sample(40)], now);
    expect(parts.map((p) => [p.grade, p.from.toFixed(2), p.width.toFixed(2)])).toEqual([
      ['good', '66.67', '0.56'],
      ['weak', '67.22', '0.28'],
      ['good', '83.33', '0.28'],
    ]);
  });
});
