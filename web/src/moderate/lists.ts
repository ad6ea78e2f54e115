import type { Question, QuestionState } from '../wire/wire.gen';

export type ListName = 'pending' | 'claimed' | 'approved' | 'refused';

export const listNames: readonly ListName[] = ['pending', 'claimed', 'approved', 'refused'];

const home: Partial<Record<QuestionState, ListName>> = {
  submitted: 'pending',
  pending: 'pending',
  claimed: 'claimed',
  approved: 'approved',
  queued: 'approved',
  staged: 'approved',
  onAir: 'approved',
  answered: 'approved',
  refused: 'refused',
};

export type Lists = Record<ListName, readonly Question[]>;

/** Questions by list: what waits, the longest first; what was decided, the latest first. */
export function listsOf(questions: Iterable<Question>): Lists {
  const lists: Record<ListName, Question[]> = { pending: [], claimed: [], approved: [], refused: [] };
  for (const question of questions) {
    const name = home[question.state];
    if (name) lists[name].push(question);
  }
  lists.pending.sort((a, b) => Date.parse(a.submittedAt) - Date.parse(b.submittedAt));
  lists.claimed.sort((a, b) => Date.parse(a.submittedAt) - Date.parse(b.submittedAt));
  lists.approved.sort((a, b) => Date.parse(b.changedAt) - Date.parse(a.changedAt));
  lists.refused.sort((a, b) => Date.parse(b.changedAt) - Date.parse(a.changedAt));
  return lists;
}
