import type { QuestionState } from '../wire/wire.gen';

export type StepName =
  | 'received'
  | 'read'
  | 'approved'
  | 'queued'
  | 'onAir'
  | 'answered'
  | 'refused'
  | 'withdrawn';

export interface PathStep {
  name: StepName;
  standing: 'done' | 'now' | 'ahead';
}

const way: readonly StepName[] = ['received', 'read', 'approved', 'queued', 'onAir', 'answered'];

/** Which step of the way each state is; the ends that leave the way are not on it. */
const at: Record<QuestionState, number> = {
  submitted: 0,
  pending: 1,
  claimed: 1,
  approved: 2,
  queued: 3,
  staged: 3,
  onAir: 4,
  answered: 5,
  refused: -1,
  withdrawn: -1,
};

/** The way of a question, for drawing: what is behind it, where it is, what is ahead. */
export function pathOf(state: QuestionState): PathStep[] {
  if (state === 'refused') {
    return [
      { name: 'received', standing: 'done' },
      { name: 'read', standing: 'done' },
      { name: 'refused', standing: 'now' },
    ];
  }
  if (state === 'withdrawn') {
    return [
      { name: 'received', standing: 'done' },
      { name: 'withdrawn', standing: 'now' },
    ];
  }
  const here = at[state];
  return way.map((name, index) => ({
    name,
    standing: index < here || state === 'answered' ? 'done' : index === here ? 'now' : 'ahead',
  }));
}

/** Whether the asker can still take the question back. */
export function open(state: QuestionState): boolean {
  return state !== 'answered' && state !== 'refused' && state !== 'withdrawn' && state !== 'onAir';
}
