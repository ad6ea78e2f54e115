// The running order as the stage page shows it, and where a question goes when it moves.

import type { View } from '../live/reduce';
import type { Question, QuestionState } from '../wire/wire.gen';
import { earlier, fairOrder, lanes, usualTurn } from './lanes';

/** SORTS are the ways to look at what is approved. */
export const SORTS = ['time', 'votes', 'topic', 'fair'] as const;
export type Sort = (typeof SORTS)[number];

/** RunningOrder is the questions by what they wait for. */
export interface RunningOrder {
  onAir: Question | undefined;
  /** The next one; it stands first in the queue. */
  staged: Question | undefined;
  queue: readonly Question[];
  /** Taken off air without an answer, the latest first. */
  recalled: readonly Question[];
  /** Approved, in the order asked for. */
  approved: readonly Question[];
}

/** Outcome is what became of the questions that were approved. */
export interface Outcome {
  answered: number;
  partAnswered: number;
  /** Answered or partly answered, with an agency and a date. */
  promised: number;
  /** What still waited at the close, by time of asking. */
  carriedOver: readonly Question[];
}

/** runningOrder sorts a view's questions; now (ms since 1970) is for the fair order. */
export function runningOrder(view: View, sort: Sort = 'time', now = 0): RunningOrder {
  const known = view.queue
    .map((id) => view.questions.get(id))
    .filter((q): q is Question => q !== undefined);
  return {
    onAir: view.onAir === '' ? undefined : view.questions.get(view.onAir),
    staged: known.find((q) => q.state === 'staged'),
    queue: known.filter((q) => q.state === 'queued'),
    recalled: ofState(view, 'recalled').sort((a, b) => Date.parse(b.changedAt) - Date.parse(a.changedAt) || earlier(a, b)),
    approved: sorted(view, ofState(view, 'approved'), sort, now),
  };
}

/** outcome counts what became of the questions. */
export function outcome(view: View): Outcome {
  const answered = ofState(view, 'answered');
  const partly = ofState(view, 'partAnswered');
  return {
    answered: answered.length,
    partAnswered: partly.length,
    promised: [...answered, ...partly].filter((q) => q.conclusion?.agency).length,
    carriedOver: ofState(view, 'carriedOver').sort(earlier),
  };
}

/** rows are the questions that J and K walk through, top to bottom. */
export function rows(order: RunningOrder): Question[] {
  return [...(order.staged ? [order.staged] : []), ...order.queue, ...order.recalled, ...order.approved];
}

/** mayEdit tells whether the stage may change the wording now. */
export function mayEdit(question: Question): boolean {
  return question.state === 'approved' || question.state === 'queued' || question.state === 'staged';
}

/** shownName is the asker's name if the public may see it. */
export function shownName(question: Question): string {
  return question.mayName && question.visibility === 'textName' ? (question.name ?? '') : '';
}

/** neighbour is the row `by` steps away from the chosen one; the ends hold. */
export function neighbour(all: readonly Question[], chosen: string, by: number): string {
  if (all.length === 0) return '';
  const at = all.findIndex((q) => q.id === chosen);
  if (at < 0) return all[by > 0 ? 0 : all.length - 1]?.id ?? '';
  return all[Math.max(0, Math.min(all.length - 1, at + by))]?.id ?? '';
}

/**
 * moveBefore is the `before` of question.queue that moves a queued question up (−1) or down
 * (+1): '' is the end; undefined when it cannot move that way.
 */
export function moveBefore(
  queue: readonly Question[],
  id: string,
  by: -1 | 1,
): string | undefined {
  const at = queue.findIndex((q) => q.id === id);
  if (at < 0) return undefined;
  if (by === -1) return at === 0 ? undefined : queue[at - 1]?.id;
  return at === queue.length - 1 ? undefined : (queue[at + 2]?.id ?? '');
}

function ofState(view: View, state: QuestionState): Question[] {
  return [...view.questions.values()].filter((q) => q.state === state);
}

function sorted(view: View, questions: Question[], sort: Sort, now: number): Question[] {
  switch (sort) {
    case 'time':
      return questions.sort(earlier);
    case 'votes':
      return questions.sort((a, b) => (view.votes.get(b.id) ?? 0) - (view.votes.get(a.id) ?? 0) || earlier(a, b));
    case 'topic': {
      const places = new Map(view.conference.topics.map((topic, at) => [topic.id, at]));
      const place = (q: Question): number => places.get(q.topic ?? '') ?? places.size;
      return questions.sort((a, b) => place(a) - place(b) || earlier(a, b));
    }
    case 'fair':
      return fairOrder(questions, lanes(view, now), usualTurn(view));
  }
}
