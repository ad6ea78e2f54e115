import type { Conference, Question, QuestionState } from '../wire/wire.gen';

/** The lanes of the desk; the digit of its place shows a lane. */
export type ListName = 'waiting' | 'held' | 'mine' | 'decided';

export const listNames: readonly ListName[] = ['waiting', 'held', 'mine', 'decided'];

export type Lists = Record<ListName, readonly Question[]>;

/** What the lists are narrowed to; '' is everything, NO_VENUE what names no venue. */
export interface Filter {
  readonly topic: string;
  readonly venue: string;
}

export const NO_VENUE = '-';

const decided: ReadonlySet<QuestionState> = new Set([
  'returned',
  'approved',
  'refused',
  'redirected',
  'written',
  'merged',
  'queued',
  'staged',
  'onAir',
  'recalled',
  'partAnswered',
  'answered',
  'carriedOver',
] satisfies QuestionState[]);

// Questions are replaced, never changed, so that an instant is read once for each.
const submitted = new WeakMap<Question, number>();
const changed = new WeakMap<Question, number>();

function read(cache: WeakMap<Question, number>, question: Question, instant: string): number {
  const known = cache.get(question);
  if (known !== undefined) return known;
  const at = Date.parse(instant);
  cache.set(question, at);
  return at;
}

/** When it was asked, ms since 1970. */
export function submittedMs(question: Question): number {
  return read(submitted, question, question.submittedAt);
}

function changedMs(question: Question): number {
  return read(changed, question, question.changedAt);
}

/** Whether a question passes the filter. */
export function passes(question: Question, filter: Filter): boolean {
  if (filter.topic !== '' && question.topic !== filter.topic) return false;
  if (filter.venue === '') return true;
  return filter.venue === NO_VENUE ? !question.venue : question.venue === filter.venue;
}

/**
 * Questions by lane: what waits (also on a colleague's desk, so that rows do not jump) the
 * longest first, and what was decided by anybody the latest first.
 *
 * @param session whose desk it is
 */
export function listsOf(questions: Iterable<Question>, session: string, filter: Filter = { topic: '', venue: '' }): Lists {
  const lists: Record<ListName, Question[]> = { waiting: [], held: [], mine: [], decided: [] };
  for (const question of questions) {
    if (!passes(question, filter)) continue;
    if (decided.has(question.state)) {
      lists.decided.push(question);
      continue;
    }
    if (question.state === 'withdrawn') continue;
    if (question.state === 'claimed' && question.claim?.session === session) lists.mine.push(question);
    lists[question.hold ? 'held' : 'waiting'].push(question);
  }
  for (const name of ['waiting', 'held', 'mine'] as const) lists[name].sort((a, b) => submittedMs(a) - submittedMs(b));
  lists.decided.sort((a, b) => changedMs(b) - changedMs(a));
  return lists;
}

/** The catalogue's reason; undefined when the conference does not know it. */
export function reasonOf(conference: Conference, code: string | undefined) {
  return conference.reasons?.find((known) => known.code === code);
}
