import type { Event, Question } from '../wire/wire.gen';

/** Who decided a question, as far as it was seen or stands in the question itself. */
export interface Decision {
  readonly person: string;
  readonly state: Question['state'];
}

const decisions: ReadonlySet<string> = new Set([
  'question.approved',
  'question.returned',
  'question.refused',
  'question.doubted',
  'question.redirected',
  'question.written',
  'question.merged',
]);

/**
 * The hands that decided. A decision is made by whoever holds the card, so that the claim
 * before it names them; the question itself tells no more.
 */
export class Hands {
  readonly #claims = new Map<string, string>();
  readonly #decided = new Map<string, Decision>();
  readonly #counts = new Map<string, number>();

  /** Takes what the question map held when the page was opened. */
  begin(questions: Iterable<Question>): void {
    for (const question of questions) {
      if (question.claim) this.#claims.set(question.id, question.claim.person);
    }
  }

  take(events: readonly Event[]): void {
    for (const { type, question } of events) {
      if (!question) continue;
      if (question.claim) {
        this.#claims.set(question.id, question.claim.person);
        continue;
      }
      const person = this.#claims.get(question.id);
      this.#claims.delete(question.id);
      if (type === 'question.undone') this.#decided.delete(question.id);
      if (!person || !decisions.has(type)) continue;
      this.#decided.set(question.id, { person, state: question.state });
      this.#counts.set(person, (this.#counts.get(person) ?? 0) + 1);
    }
  }

  /** Who decided it; '' when that was before this page was opened and left no name. */
  of(question: Question): string {
    const seen = this.#decided.get(question.id);
    if (seen) return seen.person;
    if (question.state === 'returned' && question.return?.person) return question.return.person;
    const last = question.revisions?.at(-1);
    return question.state === 'approved' && last?.at === question.changedAt ? last.person : '';
  }

  /** How many decisions of each person were seen. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
