import { today } from '../live/workdays';
import type { Question } from '../wire/wire.gen';

const DAY_MS = 86_400_000;

/** Days from today to the date; negative when it has passed; NaN for no date. */
export function daysLeft(due: string | undefined, nowMs: number): number {
  if (!due) return NaN;
  return Math.round((Date.parse(due) - Date.parse(today(nowMs))) / DAY_MS);
}

/** What an official's page lists. */
export interface Owed {
  /** Not answered yet: the soonest due first, those without a date before all. */
  readonly owed: readonly Question[];
  /** Answered, the latest first. */
  readonly kept: readonly Question[];
  /** How many of the owed are past their date. */
  readonly late: number;
  /** The agencies named, in order. */
  readonly agencies: readonly string[];
}

/** Sorts what was promised. agency '' is all, '-' those nobody is named for. */
export function owedOf(questions: Iterable<Question>, agency: string, nowMs: number): Owed {
  const owed: Question[] = [];
  const kept: Question[] = [];
  const agencies = new Set<string>();
  for (const question of questions) {
    const named = question.conclusion?.agency ?? '';
    if (named) agencies.add(named);
    if (agency !== '' && agency !== (named || '-')) continue;
    (question.reply ? kept : owed).push(question);
  }
  const due = (question: Question) => question.conclusion?.due ?? '';
  owed.sort((a, b) => due(a).localeCompare(due(b)) || a.submittedAt.localeCompare(b.submittedAt));
  kept.sort((a, b) => (b.reply?.at ?? '').localeCompare(a.reply?.at ?? ''));
  return {
    owed,
    kept,
    late: owed.filter((question) => daysLeft(question.conclusion?.due, nowMs) < 0).length,
    agencies: [...agencies].sort((a, b) => a.localeCompare(b, 'vi')),
  };
}

/** Whether a document can be sent: a number, or an https address. */
export function goodDocument(document: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:/i.test(document) || document.toLowerCase().startsWith('https://');
}
