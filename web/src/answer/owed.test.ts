import { describe, expect, it } from 'vitest';
import type { Question } from '../wire/wire.gen';
import { daysLeft, goodDocument, owedOf } from './owed';

const now = Date.parse('2026-11-25T18:00:00Z'); // the 26th in Hanoi

function question(id: string, agency: string, due: string, repliedAt = ''): Question {
  return {
    id,
    state: 'written',
    text: id,
    submittedAt: `2026-11-0${id.length}T00:00:00Z`,
    changedAt: '2026-11-20T00:00:00Z',
    ...(agency ? { conclusion: { agency, due, at: '2026-11-20T00:00:00Z' } } : {}),
    ...(repliedAt ? { reply: { at: repliedAt, text: 'x' } } : {}),
  };
}

describe('what is owed', () => {
  it('counts days by the date in Hanoi', () => {
    expect(daysLeft('2026-11-26', now)).toBe(0);
    expect(daysLeft('2026-11-25', now)).toBe(-1);
    expect(daysLeft('2026-12-01', now)).toBe(5);
    expect(daysLeft(undefined, now)).toBeNaN();
  });

  it('puts what nobody is named for first, then the soonest due', () => {
    const found = owedOf(
      [question('late', 'B', '2026-11-20'), question('far', 'A', '2027-01-01'), question('nobody', '', ''), question('done', 'A', '2026-11-01', '2026-11-21T00:00:00Z')],
      '',
      now,
    );
    expect(found.owed.map(({ id }) => id)).toEqual(['nobody', 'late', 'far']);
    expect(found.kept.map(({ id }) => id)).toEqual(['done']);
    expect(found.late).toBe(1);
    expect(found.agencies).toEqual(['A', 'B']);
  });

  it('narrows to an agency, and to none', () => {
    const all = [question('a', 'A', '2026-12-01'), question('bb', 'B', '2026-12-01'), question('ccc', '', '')];
    expect(owedOf(all, 'A', now).owed.map(({ id }) => id)).toEqual(['a']);
    expect(owedOf(all, '-', now).owed.map(({ id }) => id)).toEqual(['ccc']);
    expect(owedOf(all, 'A', now).agencies).toEqual(['A', 'B']);
  });

  it('takes numbers and https addresses of documents', () => {
    expect(['1234/SNNMT-VP', '', 'https://a.vn/1'].every(goodDocument)).toBe(true);
    expect(['http://a.vn', 'javascript:alert(1)', 'ftp://a'].some(goodDocument)).toBe(false);
  });
});
