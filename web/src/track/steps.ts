import type { QuestionState } from '../wire/wire.gen';

type WayStep = 'received' | 'read' | 'approved' | 'queued' | 'onAir' | 'answered';
type End = 'returned' | 'written' | 'merged' | 'redirected' | 'refused' | 'withdrawn';
export type StepName = WayStep | End;

export interface PathStep {
  name: StepName;
  standing: 'done' | 'now' | 'ahead';
}

const way: readonly WayStep[] = ['received', 'read', 'approved', 'queued', 'onAir', 'answered'];

/** Where each state is: a step of the way, or an end beside it after the steps it has behind it. */
const at: Record<QuestionState, WayStep | { end: End; after: readonly WayStep[] }> = {
  submitted: 'received',
  held: 'read',
  pending: 'read',
  claimed: 'read',
  approved: 'approved',
  queued: 'queued',
  staged: 'queued',
  onAir: 'onAir',
  recalled: 'onAir',
  partAnswered: 'answered',
  answered: 'answered',
  returned: { end: 'returned', after: ['received', 'read'] },
  written: { end: 'written', after: ['received', 'read'] },
  carriedOver: { end: 'written', after: ['received', 'read', 'approved'] },
  merged: { end: 'merged', after: ['received', 'read'] },
  redirected: { end: 'redirected', after: ['received', 'read'] },
  refused: { end: 'refused', after: ['received', 'read'] },
  withdrawn: { end: 'withdrawn', after: ['received'] },
};

/** The way of a question, for drawing: what is behind it, where it is, what is ahead. */
export function pathOf(state: QuestionState): PathStep[] {
  const here = at[state];
  if (typeof here !== 'string') {
    return [...here.after.map((name) => ({ name, standing: 'done' as const })), { name: here.end, standing: 'now' }];
  }
  const index = way.indexOf(here);
  return way.map((name, i) => ({
    name,
    standing: i < index || state === 'answered' ? 'done' : i === index ? 'now' : 'ahead',
  }));
}

/** What can still be taken back. */
const withdrawable: readonly QuestionState[] = [
  'submitted', 'held', 'pending', 'claimed', 'returned', 'approved', 'queued', 'staged', 'recalled', 'written',
];

/** Whether the asker can still take the question back. */
export function open(state: QuestionState): boolean {
  return withdrawable.includes(state);
}
