// Dates of promises: days of Hà Nội, counted in working days. The one place of this arithmetic
// in the pages; internal/workday has the same in Go.

import type { Holiday, Holidays, HolidayYear } from '../wire/wire.gen';

const DAY_MS = 86_400_000;
/** Hà Nội knows no summer time. */
const HANOI_MS = 7 * 3_600_000;

/** today is the date in Hà Nội at an instant (ms since 1970): 2022-10-28. */
export function today(now: number): string {
  return new Date(now + HANOI_MS).toISOString().slice(0, 10);
}

/** How far the holidays between two dates can be relied on. */
export type Certainty = 'official' | 'provisional' | 'unknown';

/** The days that differ from what their weekday says, by date. */
export interface Calendar {
  readonly free: ReadonlyMap<string, Holiday>;
  readonly work: ReadonlyMap<string, Holiday>;
  readonly years: ReadonlyMap<number, HolidayYear>;
}

/** What is known without the server's data. */
export const WEEKENDS: Calendar = { free: new Map(), work: new Map(), years: new Map() };

/** calendarOf makes the server's data quick to look into. */
export function calendarOf({ years }: Holidays): Calendar {
  return {
    free: new Map(years.flatMap(({ free }) => free).map((day) => [day.date, day])),
    work: new Map(years.flatMap(({ work }) => work).map((day) => [day.date, day])),
    years: new Map(years.map((year) => [year.year, year])),
  };
}

/** isWorkday tells whether offices work on a date. */
export function isWorkday(date: string, calendar: Calendar): boolean {
  if (calendar.work.has(date)) return true;
  const weekday = new Date(ms(date)).getUTCDay();
  return weekday !== 0 && weekday !== 6 && !calendar.free.has(date);
}

/** workdaysAfter is the n-th working day after a date; the date itself never counts. */
export function workdaysAfter(date: string, n: number, calendar: Calendar): string {
  let at = date;
  for (let left = n; left > 0; ) {
    at = next(at);
    if (isWorkday(at, calendar)) left -= 1;
  }
  return at;
}

/** workdaysBetween is how many working days come after a date, up to and including another. */
export function workdaysBetween(from: string, to: string, calendar: Calendar): number {
  let count = 0;
  for (let at = from; at < to; ) {
    at = next(at);
    if (isWorkday(at, calendar)) count += 1;
  }
  return count;
}

/** certaintyOf is the worst certainty from one date to another. */
export function certaintyOf(from: string, to: string, calendar: Calendar): Certainty {
  let worst: Certainty = 'official';
  for (let year = Number(from.slice(0, 4)); year <= Number(to.slice(0, 4)); year++) {
    const known = calendar.years.get(year);
    if (!known) return 'unknown';
    const guessed = [...known.free, ...known.work].some((day) => day.provisional && from <= day.date && day.date <= to);
    if (known.certainty !== 'official' || guessed) worst = 'provisional';
  }
  return worst;
}

function ms(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}

function next(date: string): string {
  return new Date(ms(date) + DAY_MS).toISOString().slice(0, 10);
}

/** isDate tells whether it is a date that exists, written 2022-10-28. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
