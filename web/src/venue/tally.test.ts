import { describe, expect, it } from 'vitest';
import type { View } from '../live/reduce';
import type { Floor, Venue } from '../wire/wire.gen';
import { hands, tallyOf, turnsBefore } from './tally';

function view(floor: Partial<Floor>, venues: Partial<Venue>[] = []): View {
  const full = venues.map((v): Venue => ({
    id: 'x',
    state: 'ready',
    connected: true,
    spokenMs: 0,
    ...v,
  }));
  return {
    conference: { id: 'c', title: '', state: 'open', startsAt: '', public: true, venues: [], topics: [] },
    questions: new Map(),
    queue: [],
    onAir: '',
    floor: { main: 'ubnd', ...floor },
    venues: new Map(full.map((v) => [v.id, v])),
    votes: new Map(),
    absent: new Set(),
  };
}

describe('tallyOf', () => {
  it.each([
    ['nobody has the floor: a hall is off', {}, 'ba-vi', 'off'],
    ['nobody has the floor: City Hall is live', {}, 'ubnd', 'live'],
    ['the holder is live', { holder: 'ba-vi' }, 'ba-vi', 'live'],
    ['City Hall is still heard beside a holder', { holder: 'ba-vi' }, 'ubnd', 'mic'],
    ['the next one stands by', { holder: 'ba-vi', preview: 'me-linh' }, 'me-linh', 'preview'],
    ['the holder in preview is live, not standing by', { holder: 'a', preview: 'a' }, 'a', 'live'],
    ['no venue at all', { holder: '', preview: '' }, '', 'off'],
  ] as const)('%s', (_, floor, venue, want) => {
    expect(tallyOf(view(floor), venue)).toBe(want);
  });
});

describe('hands', () => {
  const v = view({}, [
    { id: 'b', handAt: '2026-10-28T02:00:05Z' },
    { id: 'a', handAt: '2026-10-28T02:00:05Z' },
    { id: 'c', handAt: '2026-10-28T02:00:01.5Z' },
    { id: 'd' },
  ]);

  it('lists the earliest first, whatever the fraction of the second', () => {
    expect(hands(v)).toEqual(['c', 'a', 'b']);
  });

  it('counts the turns before a venue', () => {
    expect(['c', 'b', 'd'].map((id) => turnsBefore(v, id))).toEqual([0, 2, undefined]);
  });
});
