import type { Question, QuestionState } from '../wire/wire.gen';
import type { Wish } from './keys';

/** Whose desk it is. */
export interface Me {
  readonly session: string;
  readonly person: string;
}

/** Whether this session holds the card. */
export function holds(question: Question | undefined, me: Me): boolean {
  return question?.state === 'claimed' && question.claim?.session === me.session;
}

/** Whether this moderator, on whatever device, has proposed a refusal that takes two. */
export function proposedBy(question: Question, me: Me): boolean {
  const hold = question.hold;
  if (!hold?.proposed) return false;
  return hold.session === me.session || (hold.person !== undefined && hold.person !== '' && hold.person === me.person);
}

const undoable: readonly QuestionState[] = ['returned', 'approved', 'written', 'refused', 'redirected', 'merged'];
const editable: readonly QuestionState[] = ['approved', 'queued', 'staged'];
const mergeable: readonly QuestionState[] = ['approved', 'queued'];

/**
 * What may be done with the card, in the order of the buttons. Decisions on a free card
 * claim it first.
 */
export function allowed(question: Question, me: Me): readonly Wish[] {
  const free = question.state === 'pending' || question.state === 'held';
  const mine = holds(question, me);
  if (free || mine) {
    const wishes: Wish[] = free ? ['claim'] : [];
    wishes.push('approve', 'edit', 'merge');
    if (!question.return) wishes.push('return');
    wishes.push('refuse', 'redirect', 'write');
    if (mine) wishes.push('release');
    return wishes;
  }
  if (question.state === 'claimed') return ['takeOver'];
  const wishes: Wish[] = [];
  if (editable.includes(question.state)) wishes.push('edit');
  if (mergeable.includes(question.state)) wishes.push('merge');
  if (undoable.includes(question.state)) wishes.push('undo');
  return wishes;
}

/** Whether another question may stand for this one. */
export function standsFor(target: Question): boolean {
  switch (target.state) {
    case 'refused':
    case 'redirected':
    case 'merged':
    case 'withdrawn':
    case 'returned':
    case 'submitted':
      return false;
    default:
      return true;
  }
}
