import { describe, expect, it } from 'vitest';
import type { Conference, Question } from '../wire/wire.gen';
import { agencies, answerOf, firstEnding, length, missing, type Ending } from './conclusion';
import { EndingForm } from './ending.svelte';
import { isDate, today, WEEKENDS, workdaysAfter } from '../live/workdays';

const at = '2026-11-25T14:00:00Z';
const conference: Conference = {
  id: 'c',
  title: '',
  state: 'open',
  startsAt: at,
  public: true,
  venues: [],
  topics: [
    { id: 'so-do', name: 'Sổ đỏ', agency: 'Sở Tài nguyên và Môi trường' },
    { id: 'thu-hoi', name: 'Thu hồi', agency: 'UBND huyện; Trung tâm Phát triển quỹ đất' },
    { id: 'dat-dich-vu', name: 'Đất dịch vụ', agency: 'UBND huyện' },
    { id: 'khac', name: 'Khác' },
  ],
};
const question: Question = { id: 'q', state: 'onAir', text: 'Hỏi', topic: 'so-do', submittedAt: at, changedAt: at };
const owed: Ending = { none: false, agency: 'Sở', due: '2026-12-09', partly: false, text: '' };

describe('dates', () => {
  it('counts in Hà Nội: late in the evening UTC is tomorrow there', () => {
    expect(today(Date.parse('2026-11-25T16:59:59Z'))).toBe('2026-11-25');
    expect(today(Date.parse('2026-11-25T17:00:00Z'))).toBe('2026-11-26');
  });

  it.each([
    ['Wednesday and five', '2026-11-25', 5, '2026-12-02'],
    ['Wednesday and ten', '2026-11-25', 10, '2026-12-09'],
    ['Friday and one is Monday', '2026-11-27', 1, '2026-11-30'],
    ['Saturday and one is Monday', '2026-11-28', 1, '2026-11-30'],
    ['over New Year', '2026-12-31', 15, '2027-01-21'],
    ['none', '2026-11-28', 0, '2026-11-28'],
  ])('%s', (_, from, n, want) => {
    expect(workdaysAfter(from, n, WEEKENDS)).toBe(want);
  });

  it('never ends on a weekend and never goes back', () => {
    for (let day = 0; day < 400; day++) {
      const from = new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10);
      for (const n of [1, 5, 10, 15]) {
        const to = workdaysAfter(from, n, WEEKENDS);
        expect([0, 6]).not.toContain(new Date(`${to}T00:00:00Z`).getUTCDay());
        expect(to > from).toBe(true);
        expect(workdaysAfter(to, 1, WEEKENDS) > to).toBe(true);
      }
    }
  });

  it('knows a date that exists', () => {
    expect(['2026-02-28', '2026-02-30', '', '28/2/2026', '2026-13-01'].map(isDate)).toEqual([true, false, false, false, false]);
  });
});

describe('the first ending', () => {
  it('needs nothing, with agency and date ready should something be owed', () => {
    expect(firstEnding(question, conference, '2026-12-09')).toEqual({
      none: true,
      agency: 'Sở Tài nguyên và Môi trường',
      due: '2026-12-09',
      partly: false,
      text: '',
    });
    expect(firstEnding({ ...question, topic: 'khac' }, conference, '2026-11-25').agency).toBe('');
  });

  it('offers each agency once, those named together also alone', () => {
    expect(agencies(conference)).toEqual([
      'Sở Tài nguyên và Môi trường',
      'Trung tâm Phát triển quỹ đất',
      'UBND huyện',
      'UBND huyện; Trung tâm Phát triển quỹ đất',
    ]);
  });
});

describe('missing', () => {
  it.each([
    ['an agency and a date', owed, {}],
    ['a promise for today', { ...owed, due: '2026-11-25' }, {}],
    ['nothing more', { ...owed, none: true, agency: '', due: '' }, {}],
    ['no agency', { ...owed, agency: '  ' }, { agency: 'none' }],
    ['an agency of 201 characters', { ...owed, agency: 'đ'.repeat(201) }, { agency: 'long' }],
    ['no date', { ...owed, due: '' }, { due: 'none' }],
    ['a date that has passed', { ...owed, due: '2026-11-24' }, { due: 'past' }],
    ['words of 1,000 characters, composed or not', { ...owed, text: 'ộ'.normalize('NFD').repeat(1000) }, {}],
    ['words of 1,001 characters', { ...owed, none: true, text: 'ộ'.repeat(1001) }, { text: 'long' }],
    ['everything', { ...owed, agency: '', due: '', text: 'a'.repeat(1001) }, { agency: 'none', due: 'none', text: 'long' }],
  ] as const)('%s', (_, ending, want) => {
    expect(missing(ending, '2026-11-25')).toEqual(want);
  });

  it('counts characters as people do', () => {
    expect([length(' đường '), length('đường'.normalize('NFD')), length('😀')]).toEqual([5, 5, 1]);
  });
});

describe('answerOf', () => {
  it('sends none alone: no agency, no date, not in part', () => {
    expect(answerOf('q', { ...owed, none: true, partly: true })).toEqual({ id: 'q', none: true });
  });

  it('sends agency, date and words in one normal form', () => {
    const ending = { ...owed, agency: ` ${'Sở'.normalize('NFD')} `, partly: true, text: ' Trả lời bằng văn bản. ' };
    expect(answerOf('q', ending)).toEqual({ id: 'q', agency: 'Sở', due: '2026-12-09', partly: true, text: 'Trả lời bằng văn bản.' });
    expect(answerOf('q', owed)).toEqual({ id: 'q', agency: 'Sở', due: '2026-12-09' });
  });
});

describe('EndingForm', () => {
  it('says what is missing only once it was tried, and what the server refused until something changes', () => {
    const form = new EndingForm({ ...question, topic: 'khac' }, conference, () => '2026-11-25');
    form.put({ none: false });
    expect(form.missing).toEqual({});
    expect(form.answer()).toBeUndefined();
    expect(form.missing).toEqual({ agency: 'none' });
    form.refused = 'Không được.';
    form.put({ agency: 'UBND huyện', due: form.in(5) });
    expect([form.missing, form.refused]).toEqual([{}, '']);
    expect(form.answer()).toEqual({ id: 'q', agency: 'UBND huyện', due: '2026-12-02' });
  });
});
