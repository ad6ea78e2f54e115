/** A question that waits longer is shown as late, ms. */
export const LATE_MS = 5 * 60_000;
/** One that waits longer still is overdue, ms. */
export const OVERDUE_MS = 10 * 60_000;

export type Age = 'fresh' | 'late' | 'overdue';

/** How urgent a question is that has waited for so many ms. */
export function ageOf(ms: number): Age {
  if (ms >= OVERDUE_MS) return 'overdue';
  return ms >= LATE_MS ? 'late' : 'fresh';
}
