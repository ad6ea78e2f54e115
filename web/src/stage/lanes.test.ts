import { describe, expect, it } from 'vitest';
import type { View } from '../live/reduce';
import type { Question, QuestionState, Venue } from '../wire/wire.gen';
import { fairNext, fairOrder, lanes, ranked, usualTurn, type Lane } from './lanes';

const T0 = Date.parse('2026-11-25T01:00:00Z');
const iso = (ms: number): string => new Date(T0 + ms).toISOString();

function question(id: string, venue: string, state: QuestionState = 'approved', more: Partial<Question> = {}): Question {
  return { id, state, text: id, submittedAt: iso(0), changedAt: iso(0), ...(venue ? { venue } : {}), ...more };
}

function view(venues: Partial<Venue>[], questions: Question[], more: Partial<View> = {}): View {
  const full = venues.map((v): Venue => ({ id: '', state: 'ready', connected: true, spokenMs: 0, ...v }));
  return {
    conference: {
      id: 'c',
      title: '',
      state: 'open',
      startsAt: '',
      public: true,
      venues: full.map(({ id }) => ({ id, name: id })),
      topics: [],
    },
    questions: new Map(questions.map((q) => [q.id, q])),
    queue: questions.filter((q) => q.state === 'queued' || q.state === 'staged').map((q) => q.id),
    onAir: questions.find((q) => q.state === 'onAir')?.id ?? '',
    floor: { main: 'm' },
    venues: new Map(full.map((v) => [v.id, v])),
    votes: new Map(),
    absent: new Set(),
    ...more,
  };
}

const next = (of: View, now = T0): string | undefined => fairNext(lanes(of, now))?.question.id;

describe('fairNext', () => {
  it('is the connected lane with something waiting that was served least', () => {
    const venues = [
      { id: 'a', spokenMs: 60_000 },
      { id: 'b', spokenMs: 10_000, connected: false },
      { id: 'c', spokenMs: 30_000 },
      { id: 'd', spokenMs: 0 },
    ];
    const all = [question('qa', 'a'), question('qb', 'b'), question('qc', 'c')];
    expect(next(view(venues, all))).toBe('qc');
    expect(next(view(venues, [...all, question('qd', 'd', 'pending')]))).toBe('qc');
    expect(next(view(venues, [...all, question('qd', 'd')]))).toBe('qd');
  });

  it('has the network as a lane of its own, always connected', () => {
    const done = question('done', '', 'answered', { onAirAt: iso(0), answeredAt: iso(90_000) });
    expect(next(view([{ id: 'a', spokenMs: 60_000 }], [question('qa', 'a'), question('net', '')]))).toBe('net');
    expect(next(view([{ id: 'a', spokenMs: 60_000 }], [question('qa', 'a'), question('net', ''), done]))).toBe('qa');
  });

  it('counts the turn that runs', () => {
    const all = [question('qa', 'a'), question('qb', 'b')];
    const floor = { main: 'm', holder: 'a', givenAt: iso(0) };
    const seen = view([{ id: 'a' }, { id: 'b', spokenMs: 20_000 }], all, { floor });
    expect(next(seen, T0 + 10_000)).toBe('qa');
    expect(next(seen, T0 + 30_000)).toBe('qb');
  });

  it('counts a question that was read out at City Hall', () => {
    const read = question('read', 'a', 'answered', { onAirAt: iso(0), answeredAt: iso(40_000) });
    expect(next(view([{ id: 'a' }, { id: 'b', spokenMs: 20_000 }], [read, question('qa', 'a'), question('qb', 'b')]))).toBe('qb');
  });

  it('takes of a lane what stands first in the running order, then what was asked first', () => {
    const late = question('late', 'a', 'queued', { submittedAt: iso(9000) });
    const early = question('early', 'a', 'approved', { submittedAt: iso(1000) });
    expect(next(view([{ id: 'a' }], [early, late]))).toBe('late');
    expect(next(view([{ id: 'a' }], [question('x', 'a'), early]))).toBe('x');
  });

  it('among equals goes to the lane without a turn to come, then to whoever waited longest', () => {
    const venues = [{ id: 'a' }, { id: 'b' }];
    const qa = question('qa', 'a', 'approved', { submittedAt: iso(1000) });
    const qb = question('qb', 'b', 'approved', { submittedAt: iso(2000) });
    expect(next(view(venues, [qa, qb]))).toBe('qa');
    expect(next(view(venues, [qa, qb, question('s', 'a', 'staged')]))).toBe('qb');
  });

  it('never takes a private question, one that is staged or one that was recalled', () => {
    const all = [question('p', 'a', 'approved', { visibility: 'private' }), question('s', 'a', 'staged'), question('r', 'a', 'recalled')];
    expect(next(view([{ id: 'a' }], all))).toBeUndefined();
    expect(next(view([{ id: 'a', connected: false }], [question('q', 'a')]))).toBeUndefined();
  });
});

describe('lanes', () => {
  it('tell what each had: airtime, questions asked, what waits', () => {
    const all = [
      question('1', 'a', 'answered', { onAirAt: iso(0), answeredAt: iso(30_000) }),
      question('2', 'a', 'recalled', { onAirAt: iso(40_000), changedAt: iso(50_000) }),
      question('3', 'a', 'onAir', { onAirAt: iso(60_000) }),
      question('4', 'a'),
      question('5', 'unknown'),
    ];
    const [a, b, net] = lanes(view([{ id: 'a', spokenMs: 5000 }, { id: 'b', connected: false }], all), T0 + 65_000);
    expect(a).toMatchObject({ venue: 'a', spokenMs: 5000, servedMs: 45_000, asked: 3 });
    expect(a?.waiting.map((q) => q.id)).toEqual(['4']);
    expect(b).toMatchObject({ venue: 'b', connected: false, servedMs: 0, asked: 0, waiting: [] });
    expect(net?.waiting.map((q) => q.id)).toEqual(['5']);
  });

  it('are shown with whoever can be heard now first, the least served on top', () => {
    const venues = [
      { id: 'away', connected: false },
      { id: 'quiet', spokenMs: 1000 },
      { id: 'much', spokenMs: 9000 },
      { id: 'little', spokenMs: 2000 },
    ];
    const all = [question('1', 'away'), question('2', 'much'), question('3', 'little'), question('4', '', 'pending')];
    expect(ranked(lanes(view(venues, all), T0)).map((lane) => lane.venue)).toEqual(['little', 'much', '', 'quiet', 'away']);
  });

  it('take the mean of the turns so far for the next', () => {
    expect(usualTurn(view([], []))).toBe(180_000);
    const done = (id: string, ms: number): Question => question(id, '', 'answered', { onAirAt: iso(0), answeredAt: iso(ms) });
    expect(usualTurn(view([], [done('1', 60_000), done('2', 120_000)]))).toBe(90_000);
    expect(usualTurn(view([], [done('1', 10)]))).toBe(30_000);
  });
});

/** A small generator with a seed, so that a failure can be repeated. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('fairness, whatever happens', () => {
  const VENUES = ['a', 'b', 'c', 'd', 'e'];
  const LONGEST = 300_000;

  /** Plays a conference: the fair next is aired again and again, new ones keep coming. */
  function play(seed: number, turns: number): { picks: string[]; all: Lane[] } {
    const roll = dice(seed);
    const questions = new Map<string, Question>();
    const spoken = new Map(VENUES.map((id) => [id, roll(LONGEST)]));
    let made = 0;
    let now = 0;
    const add = (venue: string): void => {
      made += 1;
      const q = question(`q${made}`, venue, roll(2) === 0 ? 'approved' : 'queued', { submittedAt: iso(now + roll(1000)) });
      questions.set(q.id, q);
    };
    const seen = (): View => view(VENUES.map((id) => ({ id, spokenMs: spoken.get(id) ?? 0 })), [...questions.values()]);
    const picks: string[] = [];
    for (let turn = 0; turn < turns; turn++) {
      // Everybody always has something to ask, the first venue most of all.
      for (const lane of lanes(seen(), T0 + now)) if (lane.waiting.length === 0) add(lane.venue);
      for (let more = roll(5); more > 0; more--) add('a');
      const taken = fairNext(lanes(seen(), T0 + now));
      if (taken === undefined) throw new Error('something waits');
      const venue = taken.lane.venue;
      const took = 1000 + roll(LONGEST - 1000);
      const aired = { onAirAt: iso(now), answeredAt: iso(now + took) };
      questions.set(taken.question.id, { ...taken.question, state: 'answered', ...aired });
      // Half of the time the venue speaks itself, else the question is read out.
      if (venue !== '' && roll(2) === 0) spoken.set(venue, (spoken.get(venue) ?? 0) + took);
      now += took;
      picks.push(venue);
    }
    return { picks, all: lanes(seen(), T0 + now) };
  }

  it.each([...Array(40).keys()])('no lane starves and none runs away (seed %i)', (seed) => {
    const { picks, all } = play(seed, 120);
    for (const venue of ['', ...VENUES]) expect(picks).toContain(venue);
    const served = all.map((lane) => lane.servedMs);
    expect(Math.max(...served) - Math.min(...served)).toBeLessThanOrEqual(LONGEST);
  });

  it.each([...Array(40).keys()])('the fair order loses nothing and takes turns (seed %i)', (seed) => {
    const roll = dice(seed);
    const venues = VENUES.map((id) => ({ id, connected: id === 'a' || roll(4) > 0 }));
    const all = [...Array(60).keys()].map((n) => question(`q${n}`, ['', ...VENUES][roll(6)] ?? '', 'approved', { submittedAt: iso(roll(10_000)) }));
    const seen = view(venues, all);
    const order = fairOrder(all, lanes(seen, T0), 60_000);
    expect(order.map((q) => q.id).sort()).toEqual(all.map((q) => q.id).sort());
    expect(fairOrder([...all].reverse(), lanes(seen, T0), 60_000).map((q) => q.id)).toEqual(order.map((q) => q.id));
    // As long as a lane has something left, no other lane is two turns ahead of it.
    const connected = ['', ...venues.filter((v) => v.connected).map((v) => v.id)];
    const left = new Map(connected.map((id) => [id, all.filter((q) => (q.venue ?? '') === id).length]));
    const had = new Map(connected.map((id) => [id, 0]));
    for (const { venue = '' } of order.filter((q) => connected.includes(q.venue ?? ''))) {
      left.set(venue, (left.get(venue) ?? 0) - 1);
      had.set(venue, (had.get(venue) ?? 0) + 1);
      for (const id of connected) {
        if ((left.get(id) ?? 0) > 0) expect((had.get(venue) ?? 0) - (had.get(id) ?? 0)).toBeLessThanOrEqual(1);
      }
    }
    // What cannot be heard now comes last.
    const away = order.map((q) => connected.includes(q.venue ?? ''));
    expect(away.lastIndexOf(true)).toBeLessThan(away.includes(false) ? away.indexOf(false) : away.length);
  });

  it('counts what is in the running order already as served', () => {
    const all = [question('a1', 'a'), question('b1', 'b'), question('qa', 'a', 'queued')];
    const seen = view([{ id: 'a' }, { id: 'b', spokenMs: 30_000 }], all);
    const approved = all.filter((q) => q.state === 'approved');
    expect(fairOrder(approved, lanes(seen, T0), 60_000).map((q) => q.id)).toEqual(['b1', 'a1']);
  });
});
