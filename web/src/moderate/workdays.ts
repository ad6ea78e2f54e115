const DAY_MS = 86_400_000;
const HANOI_MS = 7 * 3_600_000;

/** The date in Hanoi at an instant (ms since 1970): 2022-10-28. */
export function dateInHanoi(ms: number): string {
  return new Date(ms + HANOI_MS).toISOString().slice(0, 10);
}

/** The date so many working days (Monday to Friday) after a date; holidays are not known here. */
export function addWorkdays(date: string, days: number): string {
  let at = Date.parse(`${date}T00:00:00Z`);
  for (let left = days; left > 0; ) {
    at += DAY_MS;
    const weekday = new Date(at).getUTCDay();
    if (weekday !== 0 && weekday !== 6) left -= 1;
  }
  return new Date(at).toISOString().slice(0, 10);
}
