import { describe, expect, it } from 'vitest';
import raw from '../../../internal/workday/vietnam.json?raw';
import type { Holidays } from '../wire/wire.gen';
import { calendarOf, certaintyOf, isWorkday, WEEKENDS, workdaysAfter, workdaysBetween } from './workdays';

// The very data the server sends, and the cases its own arithmetic is tested with.
const holidays = JSON.parse(raw) as Holidays;
const calendar = calendarOf(holidays);

describe('working days with holidays', () => {
  it.each([
    ['over Culture Day', '2026-11-23', 1, '2026-11-25'],
    ['over Tết', '2026-02-13', 1, '2026-02-23'],
    ['fifteen over Tết', '2026-02-13', 15, '2026-03-13'],
    ['from inside Tết', '2026-02-18', 1, '2026-02-23'],
    ['onto a worked Saturday', '2026-08-21', 1, '2026-08-22'],
    ['over National Day', '2026-08-28', 2, '2026-09-04'],
    ['over the turn of the year', '2025-12-31', 6, '2026-01-10'],
  ])('%s', (_, from, n, want) => {
    expect(workdaysAfter(from, n, calendar)).toBe(want);
    expect(workdaysBetween(from, want, calendar)).toBe(n);
  });

  it('knows what is free, and what is worked', () => {
    expect(['2026-09-02', '2026-08-22', '2026-08-23', '2026-08-24'].map((date) => isWorkday(date, calendar))).toEqual([false, true, false, true]);
    expect(isWorkday('2026-09-02', WEEKENDS)).toBe(true);
  });

  it('tells how sure it is', () => {
    expect(certaintyOf('2025-12-01', '2026-11-23', calendar)).toBe('official');
    expect(certaintyOf('2026-11-20', '2026-11-30', calendar)).toBe('provisional');
    expect(certaintyOf('2027-12-01', '2028-01-02', calendar)).toBe('unknown');
    expect(certaintyOf('2026-01-01', '2026-01-02', WEEKENDS)).toBe('unknown');
  });
});
