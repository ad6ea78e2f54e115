// The running order as the stage page shows it, and where a question goes when it moves.

import type { View } from '../live/reduce';
import type { Question } from '../wire/wire.gen';

/** RunningOrder is the questions by what they wait for. */
export interface RunningOrder {
  onAir: Question | undefined;
  /** The next one; it stands first in the queue. */
  staged: Question | undefined;
  queue: readonly Question[];
  /** Approved, earliest decision first. */
  approved: readonly Question[];
  answered: number;
}

/** runningOrder sorts a view's questions. */
export function runningOrder(view: View): RunningOrder {
  const known = view.queue
    .map((id) => view.questions.get(id))
    .filter((q): q is Question => q !== undefined);
  const all = [...view.questions.values()];
  return {
    onAir: view.onAir === '' ? undefined : view.questions.get(view.onAir),
    staged: known.find((q) => q.state === 'staged'),
    queue: known.filter((q) => q.state === 'queued'),
    approved: all
      .filter((q) => q.state === 'approved')
      .sort((a, b) => Date.parse(a.changedAt) - Date.parse(b.changedAt) || (a.id < b.id ? -1 : 1)),
    answered: all.filter((q) => q.state === 'answered').length,
  };
}

/** rows are the questions that J and K walk through, top to bottom. */
export function rows(order: RunningOrder): Question[] {
  return [...(order.staged ? [order.staged] : []), ...order.queue, ...order.approved];
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
