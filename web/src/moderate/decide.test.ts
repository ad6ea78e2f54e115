import { describe, expect, it } from 'vitest';
import type { Conference, Question, QuestionState } from '../wire/wire.gen';
import { allowed, proposedBy, standsFor } from './allowed';
import { balanceOf, loadOf } from './balance';
import { wordDiff } from './diff';
import { Drafts } from './drafts';
import { countsOf, deciderOf, latestOf } from './hands';
import { fold, likely } from './similar';
import { today, WEEKENDS, workdaysAfter } from '../live/workdays';

const at = '2022-10-28T01:00:00Z';
const me = { session: 's1', person: 'Hoa' };

function question(id: string, state: QuestionState, more: Partial<Question> = {}): Question {
  return { id, state, text: id, submittedAt: at, changedAt: at, ...more };
}

const mine = { session: 's1', person: 'Hoa', at };
const theirs = { session: 's2', person: 'Minh', at };

describe('allowed', () => {
  it('lets a free card be decided in every way, and the holder put it back', () => {
    const all = ['approve', 'edit', 'merge', 'return', 'refuse', 'redirect', 'write'];
    expect(allowed(question('q', 'pending'), me)).toEqual(['claim', ...all]);
    expect(allowed(question('q', 'held'), me)).toEqual(['claim', ...all]);
    expect(allowed(question('q', 'claimed', { claim: mine }), me)).toEqual([...all, 'release']);
  });

  it('returns a question once', () => {
    const amended = question('q', 'pending', { return: { at, text: 'Ở đâu?', amended: true } });
    expect(allowed(amended, me)).not.toContain('return');
  });

  it('only takes over what a colleague holds', () => {
    expect(allowed(question('q', 'claimed', { claim: theirs }), me)).toEqual(['takeOver']);
  });

  it.each<[QuestionState, string[]]>([
    ['approved', ['edit', 'merge', 'undo']],
    ['queued', ['edit', 'merge']],
    ['staged', ['edit']],
    ['merged', ['undo']],
    ['refused', ['undo']],
    ['onAir', []],
    ['withdrawn', []],
  ])('lets what is %s be changed as far as the rules go', (state, wishes) => {
    expect(allowed(question('q', state), me)).toEqual(wishes);
  });

  it('knows the proposer on another device by name, but nobody without one', () => {
    const proposed = { reason: 'abusive', nextDoor: 'x' };
    expect(proposedBy(question('q', 'held', { hold: { session: 's9', person: 'Hoa', proposed } }), me)).toBe(true);
    expect(proposedBy(question('q', 'held', { hold: { session: 's1', proposed } }), { session: 's1', person: '' })).toBe(true);
    expect(proposedBy(question('q', 'held', { hold: { session: 's2', person: 'Minh', proposed } }), me)).toBe(false);
    expect(proposedBy(question('q', 'held', { hold: { session: 's2', person: '', proposed } }), { session: 's1', person: '' })).toBe(false);
    expect(proposedBy(question('q', 'held', { hold: { rule: 'words', session: 's1' } }), me)).toBe(false);
  });
});

describe('wordDiff', () => {
  it('marks the words that went and came, and keeps the rest', () => {
    expect(wordDiff('bao giờ xã tôi được cấp sổ đỏ lần đầu?', 'bao giờ được cấp sổ hồng?')).toEqual([
      { kind: 'same', text: 'bao giờ', gap: false },
      { kind: 'gone', text: 'xã tôi', gap: true },
      { kind: 'same', text: 'được cấp sổ', gap: true },
      { kind: 'gone', text: 'đỏ lần đầu', gap: true },
      { kind: 'new', text: 'hồng', gap: true },
      { kind: 'same', text: '?', gap: false },
    ]);
  });

  it('makes the new wording of any two, and the old one backwards', () => {
    const texts = ['', 'a', 'a b c d', 'd c b a', 'x, y.', 'a  x\nb y? c', '(a) b!'];
    for (const before of texts) {
      for (const after of texts) {
        const pieces = wordDiff(before, after);
        const side = (not: string) => pieces.filter(({ kind }) => kind !== not).map(({ text }) => text).join('').replace(/\s/g, '');
        expect(side('gone')).toBe(after.replace(/\s/g, ''));
        expect(side('new')).toBe(before.replace(/\s/g, ''));
      }
    }
  });
});

describe('likely', () => {
  const asks = question('q', 'pending', { text: 'Bao giờ gia đình tôi được cấp sổ đỏ lần đầu?', topic: 'so-do' });
  const same = question('a', 'approved', { text: 'Gia đình tôi bao giờ được cấp sổ đỏ?', topic: 'so-do' });
  const other = question('b', 'pending', { text: 'Phí trích lục bản đồ là bao nhiêu?' });
  const refused = question('c', 'refused', { text: asks.text });
  const all = [asks, other, refused, same];

  it('folds tone marks, case and đ', () => {
    expect(fold('Hoà, ĐẤT đai – hòa!')).toBe('hoa dat dai hoa');
  });

  it('lists the likeliest first, and never itself nor what is over', () => {
    expect(likely(asks, all, '', 9).map(({ question: one }) => one.id)).toEqual(['a']);
    expect(likely(asks, all, '', 9)[0]?.score).toBeGreaterThan(0.5);
    expect(standsFor(refused)).toBe(false);
  });

  it('lists what the server says is alike though the words differ', () => {
    const found = likely(asks, all, '', 9, [{ id: 'b', percent: 90 }, { id: 'c', percent: 99 }, { id: 'gone', percent: 80 }]);
    expect(found.map(({ question: one }) => one.id)).toEqual(['b', 'a']);
  });

  it('finds what is searched for without tone marks', () => {
    expect(likely(asks, all, 'trich luc', 9).map(({ question: one }) => one.id)).toEqual(['b']);
    expect(likely(asks, all, 'không có', 9)).toEqual([]);
  });
});

describe('workdays', () => {
  it('skips Saturdays and Sundays', () => {
    expect(workdaysAfter('2022-10-28', 1, WEEKENDS)).toBe('2022-10-31');
    expect(workdaysAfter('2022-10-28', 15, WEEKENDS)).toBe('2022-11-18');
    expect(workdaysAfter('2022-10-29', 5, WEEKENDS)).toBe('2022-11-04');
  });

  it('takes the date in Hanoi', () => {
    expect(today(Date.parse('2022-10-28T16:59:59Z'))).toBe('2022-10-28');
    expect(today(Date.parse('2022-10-28T17:00:00Z'))).toBe('2022-10-29');
  });
});

describe('who decided', () => {
  const decided = (person: string, state: Question['state'], second = 0) => ({ at: `2022-10-28T01:00:0${second}Z`, person, state });
  const approved = question('a', 'approved', { decisions: [decided('Minh', 'approved', 1)] });
  const undone = question('b', 'pending', { decisions: [decided('Hoa', 'refused', 2), decided('Minh', 'pending', 3)] });
  const proposed = question('c', 'held', { decisions: [decided('Hoa', 'held', 4)] });
  const all = [approved, undone, proposed, question('d', 'pending')];

  it('is the last to decide, and nobody once it was undone', () => {
    expect(all.map(deciderOf)).toEqual(['Minh', '', 'Hoa', '']);
  });

  it('counts what everybody has decided since the beginning, undoing left out', () => {
    expect([...countsOf(all)]).toEqual([['Minh', 1], ['Hoa', 2]]);
  });

  it('lists the latest decisions that stand, the newest first', () => {
    expect(latestOf(all, 9).map(({ question: { id } }) => id)).toEqual(['c', 'a']);
    expect(latestOf(all, 1).map(({ question: { id } }) => id)).toEqual(['c']);
  });
});

describe('the overview', () => {
  const conference: Conference = {
    id: 'c', title: 'C', state: 'open', startsAt: at, public: true,
    venues: [{ id: 'v1', name: 'Một' }, { id: 'v2', name: 'Hai' }],
    topics: [{ id: 't', name: 'T' }],
  };
  const all = [
    question('a', 'pending', { venue: 'v1' }),
    question('b', 'claimed', { venue: 'v1', claim: theirs, submittedAt: '2022-10-28T00:00:00Z' }),
    question('c', 'queued', { venue: 'v2' }),
    question('d', 'answered', { venue: 'gone' }),
    question('e', 'refused', { venue: 'v1' }),
  ];

  it('counts by venue in the conference’s order, what names none last', () => {
    expect(balanceOf(conference, all, 'venue')).toEqual([
      { id: 'v1', waiting: 2, approved: 0, answered: 0, oldest: Date.parse('2022-10-28T00:00:00Z') },
      { id: 'v2', waiting: 0, approved: 1, answered: 0, oldest: Infinity },
      { id: '', waiting: 0, approved: 0, answered: 1, oldest: Infinity },
    ]);
  });

  it('tells what everybody holds and has done', () => {
    expect(loadOf(all, new Map([['Hoa', 3]]))).toEqual([
      { person: 'Minh', held: 1, decided: 0 },
      { person: 'Hoa', held: 0, decided: 3 },
    ]);
  });
});

describe('Drafts', () => {
  it('keeps what was typed by dialog and question until it is decided', () => {
    const drafts = new Drafts();
    drafts.keep('edit', 'q', { short: 'ngắn' });
    expect(drafts.get('edit', 'q', { short: '' })).toEqual({ short: 'ngắn' });
    expect(drafts.get('return', 'q', { text: '' })).toEqual({ text: '' });
    expect(drafts.get('edit', 'other', { short: 'x' })).toEqual({ short: 'x' });
    drafts.drop('q');
    expect(drafts.get('edit', 'q', { short: '' })).toEqual({ short: '' });
  });
});
