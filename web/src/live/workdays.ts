// Dates of promises: days of Hà Nội, counted in working days.

const DAY_MS = 86_400_000;
/** Hà Nội knows no summer time. */
const HANOI_MS = 7 * 3_600_000;

/** today is the date in Hà Nội at an instant (ms since 1970): 2022-10-28. */
export function today(now: number): string {
  return new Date(now + HANOI_MS).toISOString().slice(0, 10);
}

/**
 * workdaysAfter is the date n working days after a date, Saturdays and Sundays left out.
 * Public holidays are not: whoever concludes sees the date and may choose another.
 */
export function workdaysAfter(date: string, n: number): string {
  let at = Date.parse(`${date}T00:00:00Z`);
  for (let left = n; left > 0; ) {
    at += DAY_MS;
    const weekday = new Date(at).getUTCDay();
    if (weekday !== 0 && weekday !== 6) left -= 1;
  }
  return new Date(at).toISOString().slice(0, 10);
}

/** isDate tells whether it is a date that exists, written 2022-10-28. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
