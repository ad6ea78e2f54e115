// What a replay is searched by, and where in it one is. All times are ms of the recording.

import type { Moment, Replay, ReplayQuestion, ReplayTurn } from '../wire/wire.gen';

/** Narrowing is what the list is narrowed down by; '' leaves it open. */
export interface Narrowing {
  words: string;
  topic: string;
  venue: string;
}

/** Text as it is searched in: lower case, without Vietnamese marks. */
export function fold(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll('đ', 'd');
}

/** The venues that had the floor while a question was on air. */
export function speakers(replay: Replay, question: ReplayQuestion): string[] {
  const during = (turn: ReplayTurn): boolean => question.moments.some((moment) => overlap(turn.moment, moment));
  return [...new Set(replay.turns.filter(during).map((turn) => turn.venue))];
}

const never = Number.POSITIVE_INFINITY;
const end = (moment: Moment): number => (moment.until === undefined ? never : Date.parse(moment.until));

function overlap(a: Moment, b: Moment): boolean {
  return Date.parse(a.at) < end(b) && Date.parse(b.at) < end(a);
}

/**
 * The questions that match, in their order: each word anywhere in the question, its asker's
 * name, its conclusion or its answer; the venue is where it was asked from or who spoke to it.
 */
export function matching(replay: Replay, by: Narrowing): ReplayQuestion[] {
  const words = fold(by.words).split(/\s+/).filter(Boolean);
  return replay.questions.filter((one) => {
    const { question } = one;
    if (by.topic && question.topic !== by.topic) return false;
    if (by.venue && question.venue !== by.venue && !speakers(replay, one).includes(by.venue)) return false;
    if (words.length === 0) return true;
    const { conclusion, reply } = question;
    const all = fold([question.text, question.name, conclusion?.agency, conclusion?.text, reply?.text].filter(Boolean).join(' '));
    return words.every((word) => all.includes(word));
  });
}

/** The places that something can be narrowed down to, in the conference's order. */
export function venuesOf(replay: Replay): Replay['conference']['venues'] {
  const known = new Set<string | undefined>(replay.turns.map((turn) => turn.venue));
  for (const { question } of replay.questions) known.add(question.venue);
  return replay.conference.venues.filter((venue) => known.has(venue.id));
}

/** Has reports whether a moment is in the recording. */
export function has(moment: Moment | undefined): moment is Moment & { fromMs: number; toMs: number } {
  return moment?.fromMs !== undefined && moment.toMs !== undefined;
}

/** Where a question begins in the recording; undefined: nowhere. */
export function startOf(question: ReplayQuestion | undefined): number | undefined {
  return question?.moments.find(has)?.fromMs;
}

const within = (moment: Moment, at: number): boolean => has(moment) && at >= moment.fromMs && at < moment.toMs;

/** The question that is on air at a place; undefined between two. */
export function questionAt(replay: Replay, at: number): ReplayQuestion | undefined {
  return replay.questions.find((one) => one.moments.some((moment) => within(moment, at)));
}

/** The venue that has the floor at a place; '' for City Hall alone. */
export function floorAt(replay: Replay, at: number): string {
  return replay.turns.find((turn) => within(turn.moment, at))?.venue ?? '';
}

/** Where the next question after a place begins, or the one before it; undefined: there is none. */
export function neighbour(replay: Replay, at: number, way: 1 | -1): { id: string; at: number } | undefined {
  // Somebody who wants to go back within a question's first seconds means the one before.
  const PAUSE_MS = 2000;
  const all = replay.questions
    .flatMap((one) => one.moments.filter(has).map((moment) => ({ id: one.question.id, at: moment.fromMs })))
    .sort((a, b) => a.at - b.at);
  return way > 0 ? all.find((one) => one.at > at) : all.findLast((one) => one.at < at - PAUSE_MS);
}

/** Wanted is where an address begins: at a question, or so many ms into the recording. */
export interface Wanted {
  question?: string;
  at?: number;
}

/** What "#q=ID" and "?t=SECONDS" ask for; the question goes first. */
export function wanted(hash: string, search: string): Wanted {
  const question = new URLSearchParams(hash.replace(/^#/, '')).get('q');
  if (question) return { question };
  const seconds = Number(new URLSearchParams(search).get('t') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? { at: seconds * 1000 } : {};
}
