import { describe, expect, it } from 'vitest';
import type { Event, Floor, Question, Snapshot } from '../wire/wire.gen';
import { besides } from './beside';
import { conferenceTitle, fromSnapshot, onAirQuestion, recount, reduce, topicName, venueName } from './reduce';

const at = '2022-10-28T01:00:00Z';

function question(id: string, change: Partial<Question> = {}): Question {
  return { id, state: 'approved', text: `Hỏi ${id}`, submittedAt: at, changedAt: at, ...change };
}

const snapshot: Snapshot = {
  cursor: 'e.5.h',
  conference: {
    id: 'c',
    title: 'Đối thoại',
    titleEn: 'Dialogue',
    state: 'open',
    startsAt: at,
    public: true,
    venues: [{ id: 'ba-dinh', name: 'Quận Ba Đình' }],
    topics: [{ id: 'so-do', name: 'Sổ đỏ', nameEn: 'Certificate' }, { id: 'phi', name: 'Lệ phí' }],
  },
  questions: [question('a'), question('b')],
  queue: ['b'],
  floor: { main: 'hall' },
  venues: [{ id: 'ba-dinh', state: 'ready', connected: true, spokenMs: 0 }],
};

const event = (change: Partial<Event>): Event => ({ type: 'x', v: 1, at, ...change });

describe('reduce', () => {
  it('replaces a question and keeps its place', () => {
    const view = reduce(fromSnapshot(snapshot), [event({ question: question('a', { state: 'queued' }) })]);
    expect([...view.questions.keys()]).toEqual(['a', 'b']);
    expect(view.questions.get('a')?.state).toBe('queued');
  });

  it('adds what is new and drops what is gone', () => {
    const view = reduce(fromSnapshot(snapshot), [event({ question: question('c') }), event({ gone: 'a' })]);
    expect([...view.questions.keys()]).toEqual(['b', 'c']);
  });

  it('tells absent from empty', () => {
    const before = reduce(fromSnapshot(snapshot), [event({ onAir: 'b' })]);
    expect(onAirQuestion(before)?.id).toBe('b');
    const unchanged = reduce(before, [event({})]);
    expect(unchanged.onAir).toBe('b');
    expect(unchanged.queue).toEqual(['b']);
    const emptied = reduce(before, [event({ onAir: '', queue: [] })]);
    expect(onAirQuestion(emptied)).toBeUndefined();
    expect(emptied.queue).toEqual([]);
  });

  it('replaces the totals of votes that are named', () => {
    const first = fromSnapshot({ ...snapshot, votes: { a: 2, b: 7 } });
    expect([...first.votes]).toEqual([['a', 2], ['b', 7]]);
    const later = recount(first, { a: 0, c: 1 });
    expect([...later.votes]).toEqual([['b', 7], ['c', 1]]);
    expect([...first.votes.keys()]).toEqual(['a', 'b']);
    expect(reduce(later, [event({})]).votes).toBe(later.votes);
  });

  it('marks whose asker did not come, and takes it back', () => {
    const first = fromSnapshot({ ...snapshot, absent: ['a'] });
    const later = reduce(first, [event({ absent: { b: true } }), event({ absent: { a: false } })]);
    expect([...first.absent]).toEqual(['a']);
    expect([...later.absent]).toEqual(['b']);
    expect(reduce(later, [event({})]).absent).toBe(later.absent);
  });

  it('replaces floor, venue and conference whole', () => {
    const view = reduce(fromSnapshot(snapshot), [
      event({ floor: { main: 'hall', holder: 'ba-dinh', givenAt: at } }),
      event({ venue: { id: 'ba-dinh', state: 'live', connected: true, spokenMs: 3 } }),
      event({ conference: { ...snapshot.conference, state: 'closed' } }),
    ]);
    expect(view.floor.holder).toBe('ba-dinh');
    expect(view.venues.get('ba-dinh')?.state).toBe('live');
    expect(view.conference.state).toBe('closed');
    expect(reduce(view, [event({ floor: { main: 'hall' } })]).floor).toEqual({ main: 'hall' });
  });

  it('never changes a view that was handed out, and shares what did not change', () => {
    const before = fromSnapshot(snapshot);
    const after = reduce(before, [event({ question: question('c') })]);
    expect([...before.questions.keys()]).toEqual(['a', 'b']);
    expect(after.venues).toBe(before.venues);
    expect(reduce(before, [event({ onAir: 'a' })]).questions).toBe(before.questions);
  });
});

describe('besides', () => {
  const seen = (floor: Partial<Floor>, connected = true): string => {
    const venue = { id: 'ba-dinh', state: 'live', connected, spokenMs: 0 } as const;
    return besides(reduce(fromSnapshot(snapshot), [event({ venue, floor: { main: 'hall', ...floor } })]));
  };

  it('is City Hall while another venue is on air and both are wanted', () => {
    expect(seen({ holder: 'ba-dinh', beside: true })).toBe('hall');
    expect(seen({ holder: 'ba-dinh' })).toBe('');
    expect(seen({ beside: true })).toBe('');
    expect(seen({ holder: 'ba-dinh', beside: true, slate: true })).toBe('');
    expect(seen({ holder: 'ba-dinh', beside: true }, false)).toBe('');
  });
});

describe('names', () => {
  it('fall back to Vietnamese and to nothing', () => {
    expect(topicName(snapshot.conference, 'so-do', 'en')).toBe('Certificate');
    expect(topicName(snapshot.conference, 'phi', 'en')).toBe('Lệ phí');
    expect(topicName(snapshot.conference, 'unknown', 'vi')).toBe('');
    expect(venueName(snapshot.conference, 'ba-dinh')).toBe('Quận Ba Đình');
    expect(venueName(snapshot.conference, undefined)).toBe('');
    expect(conferenceTitle(snapshot.conference, 'en')).toBe('Dialogue');
    expect(conferenceTitle({ title: 'Đối thoại' }, 'en')).toBe('Đối thoại');
  });
});
