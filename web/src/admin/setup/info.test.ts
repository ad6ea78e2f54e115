import { describe, expect, it } from 'vitest';
import { differing, fromLocal, late, merged, moved, toLocal } from './info';
import type { Info } from './info';

const info: Info = {
  id: 'c',
  title: 'Đối thoại',
  state: 'planned',
  startsAt: '2027-03-01T01:00:00Z',
  public: false,
  venues: [
    { id: 'main', name: 'UBND', main: true },
    { id: 'ba-vi', name: 'Ba Vì', address: '1 Quảng Oai' },
  ],
  topics: [{ id: 'do-dac', name: 'Đo đạc' }],
};

describe('info', () => {
  it('shows times as they are in Vietnam, and takes them back', () => {
    expect(toLocal('2027-03-01T01:00:00Z')).toBe('2027-03-01T08:00');
    expect(toLocal('2027-02-28T20:30:00+03:00')).toBe('2027-03-01T00:30');
    expect(fromLocal('2027-03-01T08:00')).toBe('2027-03-01T01:00:00Z');
    expect([toLocal(undefined), toLocal('0001-01-01T00:00:00Z'), fromLocal('')]).toEqual(['', '', '']);
  });

  it('knows when seven days are left', () => {
    const starts = Date.parse(info.startsAt);
    expect(late(info.startsAt, starts - 7 * 86_400_000)).toBe(false);
    expect(late(info.startsAt, starts - 7 * 86_400_000 + 1)).toBe(true);
  });

  it('moves an entry and stops at the ends', () => {
    expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
    expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c']);
    expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c']);
  });

  it('takes a table into the list: what is there is changed, never removed, and City Hall stays', () => {
    const got = merged(info.venues, [
      { id: 'ba-vi', name: 'Huyện Ba Vì', seats: 50 },
      { id: 'main', name: 'UBND Thành phố' },
      { id: 'me-linh', name: 'Mê Linh' },
    ]);
    expect(got).toEqual({
      venues: [
        { id: 'main', name: 'UBND Thành phố', main: true },
        { id: 'ba-vi', name: 'Huyện Ba Vì', address: '1 Quảng Oai', seats: 50 },
        { id: 'me-linh', name: 'Mê Linh' },
      ],
      added: 1,
      changed: 2,
    });
  });

  it('names the parts that differ, and no other', () => {
    expect(differing(info, { ...info, startsAt: '2027-03-01T08:00:00+07:00', titleEn: '', agenda: [], revision: 9 })).toEqual([]);
    expect(differing(info, { ...info, place: 'Hà Nội', topics: [] })).toEqual(['basics', 'topics']);
    const registration = { opensAt: '2027-01-01T00:00:00Z', closesAt: '2027-02-01T00:00:00Z', privacy: { version: 'v1', text: 'Thông báo' } };
    expect(differing({ ...info, registration }, { ...info, registration: { ...registration, verifyPhone: false, invitation: '' } })).toEqual([]);
    expect(differing({ ...info, registration }, info)).toEqual(['registration']);
    expect(differing(info, { ...info, venues: info.venues.slice(0, 1), agenda: [{ title: 'Khai mạc' }] })).toEqual(['venues', 'agenda']);
  });
});
