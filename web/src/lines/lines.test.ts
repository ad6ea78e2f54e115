import { describe, expect, it } from 'vitest';
import en from '../i18n/line/en';
import vi from '../i18n/line/vi';
import type { LineCause, LineSign, ServerMessage, VenueLine } from '../wire/wire.gen';
import { LineBoard } from './board.svelte';
import { keepOrder, sortLines, troubled } from './order';
import { adviceFor, causeText, missing, worst } from './words';

const row = (venue: string, change: Partial<VenueLine> = {}): VenueLine => ({ venue, grade: 'good', ...change });

describe('LineBoard', () => {
  const told = (lines: object): ServerMessage => ({ type: 'lines', lines: { rows: [], ...lines } }) as ServerMessage;

  it('replaces, changes and takes away', () => {
    const board = new LineBoard();
    board.take(told({ whole: true, rows: [row('a'), row('b')] }));
    board.take(told({ rows: [row('b', { grade: 'weak' }), row('c')] }));
    board.take(told({ gone: ['a'] }));
    expect([...board.rows.values()].map((r) => `${r.venue} ${r.grade}`)).toEqual(['b weak', 'c good']);
    board.take(told({ whole: true, rows: [row('d')] }));
    expect([...board.rows.keys()]).toEqual(['d']);
  });

  it('knows who speaks, until nobody does', () => {
    const board = new LineBoard();
    board.take({ type: 'speaking', speaking: { now: 'a', loud: ['b'] } });
    expect([board.speaking, board.loud]).toEqual(['a', ['b']]);
    board.take({ type: 'speaking', speaking: {} });
    expect([board.speaking, board.loud]).toEqual(['', []]);
  });
});

describe('order', () => {
  const rows = [
    row('dong', { rttMs: 300, upBits: 9 }),
    row('an', { grade: 'fair', lossUp: 0.03, upBits: 5 }),
    row('bac', { grade: 'none' }),
    row('chi', { signs: ['silent'], lossDown: 0.2, upBits: 7 }),
    row('em', { signs: ['testPicture'], upBits: 1 }),
  ];
  const names = (id: string) => id;
  it.each([
    ['worst', ['bac', 'an', 'chi', 'dong', 'em']],
    ['name', ['an', 'bac', 'chi', 'dong', 'em']],
    ['loss', ['chi', 'an', 'bac', 'dong', 'em']],
    ['delay', ['dong', 'an', 'bac', 'chi', 'em']],
    ['up', ['bac', 'em', 'an', 'chi', 'dong']],
  ] as const)('by %s', (by, want) => expect(sortLines(rows, by, names).map((r) => r.venue)).toEqual(want));

  it('stays as it is held, newcomers behind', () => {
    const venues = (held: string[]): string[] => keepOrder(sortLines(rows, 'worst', (v) => v), held).map((r) => r.venue);
    expect(venues(['em', 'gone', 'dong', 'an'])).toEqual(['em', 'dong', 'an', 'bac', 'chi']);
    expect(venues([])).toEqual(sortLines(rows, 'worst', (v) => v).map((r) => r.venue));
  });

  it('troubled is what somebody has to look at', () => {
    expect(rows.filter(troubled).map((r) => r.venue)).toEqual(['an', 'bac', 'chi']);
  });
});

describe('words', () => {
  const weak = row('a', { grade: 'fair', causes: ['upWeak', 'lossUp'], height: 360, wantedHeight: 720, lossUp: 0.031 });

  it('say what an operator understands', () => {
    expect(causeText('upWeak', weak)).toBe('Đường lên quá yếu cho hình 720p: đang gửi 360p.');
    expect(causeText('lossUp', weak)).toBe('Đường lên mất 3,1 % số gói, phải gửi lại.');
    expect(worst(weak)).toBe('Đường lên quá yếu cho hình 720p: đang gửi 360p.');
    expect(worst(row('b', { signs: ['silent'] }))).toBe('Micro không có tiếng');
    expect(worst(row('c'))).toBe('');
  });

  it('do not say the same thing twice', () => {
    expect(adviceFor(['upWeak', 'lossUp', 'jitter'], ['hidden'])).toEqual([vi.advice.line, vi.advice.hidden]);
    expect(adviceFor([], [])).toEqual([]);
  });

  it('send whoever has a picture that does not arrive to another browser', () => {
    expect(adviceFor(['noPicture'], [])[0]).toContain('Chrome');
  });

  it('do not blame a weak line for what does not come at all', () => {
    expect([['noPicture'], ['noSound'], ['upWeak'], []].map((c) => missing(c as LineCause[]))).toEqual([true, true, false, false]);
  });

  it('exist for every cause and sign, and every one has its advice', () => {
    const causes = Object.keys(vi.cause) as LineCause[];
    const signs = Object.keys(vi.sign) as LineSign[];
    expect([causes.length, signs.length]).toEqual([13, 12]);
    for (const cause of causes) {
      expect(causeText(cause, weak)).toMatch(/\.$/);
      expect(adviceFor([cause], [])).toHaveLength(1);
    }
    for (const sign of signs) expect([adviceFor([], [sign]).length, en.sign[sign] === vi.sign[sign]]).toEqual([1, false]);
  });
});
