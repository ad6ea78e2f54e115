// Fairness between venues: each venue is a lane, what came over the network is one more.

import type { View } from '../live/reduce';
import type { Question } from '../wire/wire.gen';

/** A turn that nobody has measured yet takes that long, ms. */
const USUAL_TURN_MS = 180_000;
/** No turn is taken for shorter than that, ms. */
const LEAST_TURN_MS = 30_000;

/** Lane is what one venue, or the network, has had and still waits for. */
export interface Lane {
  /** '' is the lane of questions without a venue. */
  venue: string;
  connected: boolean;
  /** How long the venue has had the floor, the running turn included, ms. */
  spokenMs: number;
  /**
   * Airtime served, ms: the time on the floor, or the time its questions were on air where
   * that is longer, as when they are read out at City Hall.
   */
  servedMs: number;
  /** Questions that were on air, or are. */
  asked: number;
  /** One of its questions is the next one already. */
  staged: boolean;
  /** What may be taken next: first what is in the running order, then by time of asking. */
  waiting: readonly Question[];
}

/** lanes are the lanes at an instant (ms since 1970): all venues in their order, the network last. */
export function lanes(view: View, now: number): Lane[] {
  const { conference, floor } = view;
  const all = new Map<string, Lane & { waiting: Question[] }>();
  const open = (venue: string, connected: boolean, spokenMs: number): void => {
    all.set(venue, { venue, connected, spokenMs, servedMs: 0, asked: 0, staged: false, waiting: [] });
  };
  for (const { id } of conference.venues) {
    const venue = view.venues.get(id);
    const running = floor.holder === id && floor.givenAt ? Math.max(0, now - Date.parse(floor.givenAt)) : 0;
    open(id, venue?.connected ?? false, (venue?.spokenMs ?? 0) + running);
  }
  open('', true, 0);
  const places = new Map(view.queue.map((id, at) => [id, at]));
  for (const question of view.questions.values()) {
    const lane = all.get(question.venue ?? '') ?? all.get('');
    if (lane === undefined) continue;
    lane.servedMs += onAirMs(question, now);
    if (wasOnAir(question)) lane.asked += 1;
    if (question.state === 'staged') lane.staged = true;
    if (mayBeTaken(question)) lane.waiting.push(question);
  }
  for (const lane of all.values()) {
    lane.servedMs = Math.max(lane.servedMs, lane.spokenMs);
    lane.waiting.sort((a, b) => place(places, a) - place(places, b) || earlier(a, b));
  }
  return [...all.values()];
}

/** fairNext is the connected lane with something waiting that was served least; undefined: none. */
export function fairNext(all: readonly Lane[]): { lane: Lane; question: Question } | undefined {
  let best: { lane: Lane; question: Question } | undefined;
  for (const lane of all) {
    const question = lane.waiting[0];
    if (!lane.connected || question === undefined) continue;
    if (best === undefined || before(lane, question, best.lane, best.question)) best = { lane, question };
  }
  return best;
}

/**
 * fairOrder puts questions in the order in which fairNext would take them, if each took
 * turnMs. What is in the running order already counts as served. The lanes of venues that
 * are not connected come last, by time of asking.
 */
export function fairOrder(questions: readonly Question[], all: readonly Lane[], turnMs: number): Question[] {
  const wanted = new Set(questions.map((question) => question.id));
  const left = all
    .filter((lane) => lane.connected)
    .map((lane) => {
      const waiting = lane.waiting.filter((question) => wanted.has(question.id));
      const promised = lane.waiting.length - waiting.length + (lane.staged ? 1 : 0);
      return { ...lane, staged: false, waiting, servedMs: lane.servedMs + promised * turnMs, asked: lane.asked + promised };
    });
  const sorted: Question[] = [];
  for (let next = fairNext(left); next !== undefined; next = fairNext(left)) {
    const lane = next.lane as (typeof left)[number];
    sorted.push(next.question);
    lane.waiting = lane.waiting.slice(1);
    lane.servedMs += turnMs;
    lane.asked += 1;
  }
  const taken = new Set(sorted.map((question) => question.id));
  return [...sorted, ...questions.filter((question) => !taken.has(question.id)).sort(earlier)];
}

/** ranked are the lanes as people look at them: whoever can be heard now first, the least served on top. */
export function ranked(all: readonly Lane[]): Lane[] {
  const group = (lane: Lane): number => (lane.connected ? (lane.waiting.length > 0 ? 0 : 1) : 2);
  return [...all].sort((a, b) => group(a) - group(b) || a.servedMs - b.servedMs || b.waiting.length - a.waiting.length);
}

/** usualTurn is how long a question was on air on average, ms. */
export function usualTurn(view: View): number {
  const ended = [...view.questions.values()].map((question) => onAirMs(question, 0)).filter((ms) => ms > 0);
  if (ended.length === 0) return USUAL_TURN_MS;
  return Math.max(LEAST_TURN_MS, ended.reduce((sum, ms) => sum + ms, 0) / ended.length);
}

/** earlier compares by time of asking. */
export function earlier(a: Question, b: Question): number {
  return askedAt(a) - askedAt(b) || (a.id < b.id ? -1 : Number(a.id > b.id));
}

// Thousands of questions are sorted at each change; each of them is read once.
const instants = new WeakMap<Question, number>();

function askedAt(question: Question): number {
  const known = instants.get(question);
  if (known !== undefined) return known;
  const instant = Date.parse(question.submittedAt);
  instants.set(question, instant);
  return instant;
}

/** Less airtime first; then who has no turn coming, who asked less, who has waited longest. */
function before(lane: Lane, question: Question, than: Lane, thanQuestion: Question): boolean {
  const by =
    lane.servedMs - than.servedMs ||
    Number(lane.staged) - Number(than.staged) ||
    lane.asked - than.asked ||
    earlier(question, thanQuestion);
  return by < 0;
}

function mayBeTaken(question: Question): boolean {
  return (question.state === 'queued' || question.state === 'approved') && question.visibility !== 'private';
}

function wasOnAir(question: Question): boolean {
  return ['onAir', 'answered', 'partAnswered', 'recalled'].includes(question.state) && Boolean(question.onAirAt);
}

/** How long a question was on air, ms; 0 while that is not known. */
function onAirMs(question: Question, now: number): number {
  if (!question.onAirAt || !wasOnAir(question)) return 0;
  const end =
    question.state === 'onAir' ? now : Date.parse(question.answeredAt ?? question.changedAt);
  return Math.max(0, end - Date.parse(question.onAirAt));
}

function place(places: ReadonlyMap<string, number>, question: Question): number {
  return places.get(question.id) ?? places.size;
}
