// Which lines come first, and which are shown.

import type { LineGrade, VenueLine } from '../wire/wire.gen';

/** GRADES, the worst first. */
const GRADES: readonly LineGrade[] = ['none', 'weak', 'fair', 'good'];

/** LineSort is how the table is sorted. */
export type LineSort = 'worst' | 'name' | 'loss' | 'delay' | 'up';

/** Signs that need somebody, and those that are only good to know. */
const MINOR: ReadonlySet<string> = new Set(['testPicture', 'testSound', 'virtualCamera', 'virtualMic', 'hidden']);

/** troubled: somebody has to look. */
export function troubled(row: VenueLine): boolean {
  return row.grade !== 'good' || (row.signs ?? []).some((sign) => !MINOR.has(sign));
}

/** loss is the larger of the two ways, 0–1. */
export function loss(row: VenueLine): number {
  return Math.max(row.lossUp ?? 0, row.lossDown ?? 0);
}

/** rank sorts by what is worst: the grade, then what needs somebody. */
function rank(row: VenueLine): number {
  return GRADES.indexOf(row.grade) - (troubled(row) ? 0.5 : 0);
}

const byName = new Intl.Collator('vi').compare;

/** keepOrder puts rows as they were held, those that were not there behind. */
export function keepOrder(rows: readonly VenueLine[], held: readonly string[]): VenueLine[] {
  const place = new Map(held.map((venue, i) => [venue, i]));
  const of = (row: VenueLine): number => place.get(row.venue) ?? held.length;
  return [...rows].sort((a, b) => of(a) - of(b));
}

/** sortLines sorts a copy; equals stand by name, so that rows do not jump. */
export function sortLines(
  rows: readonly VenueLine[],
  by: LineSort,
  name: (venue: string) => string,
): VenueLine[] {
  const orders: Record<LineSort, (a: VenueLine, b: VenueLine) => number> = {
    worst: (a, b) => rank(a) - rank(b),
    name: () => 0,
    loss: (a, b) => loss(b) - loss(a),
    delay: (a, b) => (b.rttMs ?? 0) - (a.rttMs ?? 0),
    up: (a, b) => (a.upBits ?? 0) - (b.upBits ?? 0),
  };
  return [...rows].sort((a, b) => orders[by](a, b) || byName(name(a.venue), name(b.venue)));
}
