// What the hall reads when a question has ended.

import type { View } from '../live/reduce';
import type { Question } from '../wire/wire.gen';

/** CLOSING_MS is how long a conclusion stands on the screen. */
export const CLOSING_MS = 12_000;

/** Closing is a conclusion to show, and for how long still, ms. */
export interface Closing {
  question: Question;
  agency: string;
  /** A date, 2022-11-20. */
  due: string;
  leftMs: number;
}

/**
 * closing is the latest conclusion by which an agency owes an answer, while it is fresh at an
 * instant (ms since 1970) and nothing else is on air. It depends on nothing else, so that a
 * screen that was loaded again goes on with it.
 */
export function closing(view: View, now: number): Closing | undefined {
  if (view.onAir !== '') return undefined;
  let latest: Question | undefined;
  for (const question of view.questions.values()) {
    if (question.state !== 'answered' && question.state !== 'partAnswered') continue;
    if (endedAt(question) > (latest ? endedAt(latest) : -Infinity)) latest = question;
  }
  const conclusion = latest?.conclusion;
  if (latest === undefined || !conclusion?.agency || !conclusion.due) return undefined;
  const passed = Math.max(0, now - endedAt(latest));
  if (passed >= CLOSING_MS) return undefined;
  return { question: latest, agency: conclusion.agency, due: conclusion.due, leftMs: CLOSING_MS - passed };
}

function endedAt(question: Question): number {
  return Date.parse(question.answeredAt ?? question.conclusion?.at ?? question.changedAt);
}
