import type { QuestionState, Standing } from '../wire/wire.gen';

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

/**
 * The way of a question, for drawing: what is behind it, where it is, what is ahead. What
 * was merged goes on with the question that stands for it.
 */
export function pathOf(state: QuestionState, into?: QuestionState): PathStep[] {
  const here = at[state];
  if (state === 'merged' && into !== undefined && into !== 'merged') {
    const rest = pathOf(into).filter(({ name }) => name !== 'received' && name !== 'read');
    const further = rest.some(({ standing }) => standing !== 'ahead');
    return [
      { name: 'received', standing: 'done' },
      { name: 'read', standing: 'done' },
      { name: 'merged', standing: further ? 'done' : 'now' },
      ...rest,
    ];
  }
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

/** How near the stage a question is: its turn comes next, or is now. */
export type Turn = '' | 'next' | 'now';

/** Whether the question, or the one that stands for it, is up next or on air. */
export function turnOf(standing: Pick<Standing, 'state' | 'into'>): Turn {
  const state = standing.state === 'merged' ? standing.into?.state : standing.state;
  if (state === 'staged') return 'next';
  return state === 'onAir' ? 'now' : '';
}

const waiting: readonly QuestionState[] = ['submitted', 'held', 'pending', 'claimed', 'approved', 'queued', 'recalled'];

/** Whether the question, or the one that stands for it, may come up without the asker doing anything. */
export function comesUp(standing: Pick<Standing, 'state' | 'into'>): boolean {
  return waiting.includes(standing.into?.state ?? standing.state);
}
