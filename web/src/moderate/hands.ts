import type { Decision, Question } from '../wire/wire.gen';

/** One decision and the question it was made about. */
export interface Deed {
  readonly question: Question;
  readonly decision: Decision;
}

/** Who decided it as it stands; '' when nobody has, or it was undone since. */
export function deciderOf(question: Question): string {
  const last = question.decisions?.at(-1);
  return last && last.state !== 'pending' ? (last.person ?? '') : '';
}

/** How many decisions each person has made since the conference began; undoing one is none. */
export function countsOf(questions: Iterable<Question>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { decisions } of questions) {
    for (const { person = '', state } of decisions ?? []) {
      if (state !== 'pending') counts.set(person, (counts.get(person) ?? 0) + 1);
    }
  }
  return counts;
}

/** The latest decisions that stand, the newest first. */
export function latestOf(questions: Iterable<Question>, most: number): Deed[] {
  const deeds: Deed[] = [];
  for (const question of questions) {
    const decision = question.decisions?.at(-1);
    if (decision && decision.state !== 'pending') deeds.push({ question, decision });
  }
  return deeds.sort((a, b) => Date.parse(b.decision.at) - Date.parse(a.decision.at)).slice(0, most);
}
