import type { Conference, Question, QuestionState } from '../wire/wire.gen';
import { submittedMs } from './lists';

/** How many questions of a venue or topic stand where. */
export interface Balance {
  /** '' is what names none. */
  readonly id: string;
  waiting: number;
  approved: number;
  answered: number;
  /** When the oldest that waits was asked, ms since 1970; Infinity: none waits. */
  oldest: number;
}

/** What one moderator has on the desk and has done. */
export interface Load {
  readonly person: string;
  held: number;
  decided: number;
}

type Column = 'waiting' | 'approved' | 'answered';

const columns: Partial<Record<QuestionState, Column>> = {
  submitted: 'waiting',
  held: 'waiting',
  pending: 'waiting',
  claimed: 'waiting',
  approved: 'approved',
  queued: 'approved',
  staged: 'approved',
  onAir: 'approved',
  recalled: 'approved',
  partAnswered: 'answered',
  answered: 'answered',
  written: 'answered',
};

/** Counts by venue or topic, in the conference's order; what names none comes last, if any. */
export function balanceOf(conference: Conference, questions: Iterable<Question>, by: 'venue' | 'topic'): Balance[] {
  const empty = (id: string): Balance => ({ id, waiting: 0, approved: 0, answered: 0, oldest: Infinity });
  const places = by === 'venue' ? conference.venues : conference.topics;
  const rows = new Map(places.map(({ id }) => [id, empty(id)]));
  const none = empty('');
  for (const question of questions) {
    const column = columns[question.state];
    if (!column) continue;
    const row = rows.get(question[by] ?? '') ?? none;
    row[column] += 1;
    if (column === 'waiting') row.oldest = Math.min(row.oldest, submittedMs(question));
  }
  const all = [...rows.values()];
  return none.waiting + none.approved + none.answered > 0 ? [...all, none] : all;
}

/** The load of everybody who holds a card or has decided, the busiest first. */
export function loadOf(questions: Iterable<Question>, counts: ReadonlyMap<string, number>): Load[] {
  const loads = new Map<string, Load>();
  const of = (person: string): Load => {
    const load = loads.get(person) ?? { person, held: 0, decided: 0 };
    loads.set(person, load);
    return load;
  };
  for (const question of questions) {
    if (question.state === 'claimed' && question.claim) of(question.claim.person).held += 1;
  }
  for (const [person, count] of counts) of(person).decided = count;
  return [...loads.values()].sort((a, b) => b.held - a.held || b.decided - a.decided);
}
