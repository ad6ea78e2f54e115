/** The shortest and the longest ceiling of the wait between two attempts, ms. */
export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_LAST_MS = 20_000;

/**
 * Full jitter: a random wait between nothing and a ceiling that doubles with each failed
 * attempt. After a restart of the server thousands of pages come back spread out instead
 * of together.
 *
 * @param attempt failed attempts so far, from 0
 * @param random a number in [0, 1)
 * @param last the longest ceiling, ms
 */
export function backoff(attempt: number, random: number, last = BACKOFF_LAST_MS): number {
  const ceiling = Math.min(last, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling * random);
}
