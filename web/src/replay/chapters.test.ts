import { describe, expect, it } from 'vitest';
import type { Moment, Question, Replay, ReplayQuestion } from '../wire/wire.gen';
import { addressOf } from './address';
import { floorAt, fold, matching, neighbour, questionAt, speakers, startOf, venuesOf, wanted } from './chapters';

const at = (second: number): string => new Date(Date.UTC(2026, 10, 29, 8, 0, second)).toISOString();

function moment(from: number, until?: number, offset?: number): Moment {
  return {
    at: at(from),
    ...(until === undefined ? {} : { until: at(until) }),
    ...(offset === undefined || until === undefined ? {} : { fromMs: offset * 1000, toMs: (offset + until - from) * 1000 }),
  };
}

function asked(id: string, text: string, moments: Moment[], more: Partial<Question> = {}): ReplayQuestion {
  return { question: { id, state: 'answered', text, submittedAt: at(0), changedAt: at(0), ...more }, moments };
}

const replay: Replay = {
  conference: {
    id: 'dat-dai', title: 'Đối thoại', state: 'closed', startsAt: at(0), public: true,
    venues: [{ id: 'tp', name: 'UBND Thành phố', main: true }, { id: 'phu-loc', name: 'Phú Lộc' }, { id: 'ba-vi', name: 'Ba Vì' }, { id: 'x', name: 'X' }],
    topics: [{ id: 'so-do', name: 'Cấp sổ đỏ' }, { id: 'den-bu', name: 'Đền bù' }],
  },
  recording: { state: 'kept', url: '/live/dat-dai/index.m3u8' },
  questions: [
    asked('a', 'Bao giờ cấp sổ đỏ?', [moment(10, 40, 5), moment(100, 130, 80)], { topic: 'so-do', venue: 'phu-loc', name: 'Bà Hoa' }),
    asked('b', 'Đường vành đai đền bù thế nào?', [moment(40, 70, 35)], {
      topic: 'den-bu', conclusion: { agency: 'Sở Nông nghiệp', due: '2026-12-20', at: at(70) },
    }),
    asked('c', 'Không ghi được', [moment(75, 80)]),
  ],
  turns: [
    { venue: 'ba-vi', moment: moment(30, 60, 25) },
    { venue: 'phu-loc', moment: moment(110, 120, 90) },
  ],
};

const ids = (found: ReplayQuestion[]): string[] => found.map((one) => one.question.id);
const all = { words: '', topic: '', venue: '' };

describe('searching', () => {
  it('does not mind marks and case, and needs every word', () => {
    expect(fold('ĐƯỜNG Vành Đai')).toBe('duong vanh dai');
    expect(ids(matching(replay, { ...all, words: 'DUONG bu' }))).toEqual(['b']);
    expect(ids(matching(replay, { ...all, words: 'đường hoa' }))).toEqual([]);
    expect(ids(matching(replay, all))).toEqual(['a', 'b', 'c']);
  });

  it('looks into names and conclusions', () => {
    expect(ids(matching(replay, { ...all, words: 'ba hoa' }))).toEqual(['a']);
    expect(ids(matching(replay, { ...all, words: 'nong nghiep' }))).toEqual(['b']);
  });

  it('finds by topic, and by the venue that asked or spoke', () => {
    expect(ids(matching(replay, { ...all, topic: 'den-bu' }))).toEqual(['b']);
    expect(ids(matching(replay, { ...all, venue: 'phu-loc' }))).toEqual(['a']);
    expect(ids(matching(replay, { ...all, venue: 'ba-vi' }))).toEqual(['a', 'b']);
    expect(speakers(replay, replay.questions[0] as ReplayQuestion)).toEqual(['ba-vi', 'phu-loc']);
    expect(venuesOf(replay).map((venue) => venue.id)).toEqual(['phu-loc', 'ba-vi']);
  });
});

describe('places', () => {
  it('tells what is on air there', () => {
    expect(questionAt(replay, 5000)?.question.id).toBe('a');
    expect(questionAt(replay, 35_000)?.question.id).toBe('b');
    expect(questionAt(replay, 70_000)).toBeUndefined();
    expect(questionAt(replay, 81_000)?.question.id).toBe('a');
    expect(floorAt(replay, 40_000)).toBe('ba-vi');
    expect(floorAt(replay, 70_000)).toBe('');
  });

  it('begins with the first moment that was kept', () => {
    expect(startOf(replay.questions[0])).toBe(5000);
    expect(startOf(replay.questions[2])).toBeUndefined();
    expect(startOf(undefined)).toBeUndefined();
  });

  it('steps from question to question, also to one that was asked again', () => {
    expect(neighbour(replay, 0, 1)).toEqual({ id: 'a', at: 5000 });
    expect(neighbour(replay, 36_000, 1)).toEqual({ id: 'a', at: 80_000 });
    expect(neighbour(replay, 36_000, -1)).toEqual({ id: 'a', at: 5000 });
    expect(neighbour(replay, 50_000, -1)).toEqual({ id: 'b', at: 35_000 });
    expect(neighbour(replay, 1000, -1)).toBeUndefined();
    expect(neighbour(replay, 90_000, 1)).toBeUndefined();
  });
});

describe('addresses', () => {
  it('name a question or a second', () => {
    expect(wanted('#q=a', '')).toEqual({ question: 'a' });
    expect(wanted('#q=a', '?t=12')).toEqual({ question: 'a' });
    expect(wanted('', '?t=12.5')).toEqual({ at: 12_500 });
    for (const bad of ['?t=', '?t=-1', '?t=x', '?t=Infinity', '']) expect(wanted('', bad).at ?? 0, bad).toBe(0);
  });

  it('come back to the question they were made of', () => {
    const address = new URL(addressOf('dat-dai', 'b3kz5'), 'https://example.org');
    expect(address.pathname).toBe('/c/dat-dai/replay');
    expect(wanted(address.hash, address.search)).toEqual({ question: 'b3kz5' });
  });
});
