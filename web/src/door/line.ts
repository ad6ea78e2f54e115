import { ProblemError } from '../live/problem';
import { ask } from '../rest/api';

/** What the server answered, and what its clock said (ms since 1970; whole seconds). */
export interface Answer<T> {
  value: T;
  serverMs: number | undefined;
}

/** Asks the server; with a deadline of its own for each question. */
export interface Line {
  /** Throws ProblemError; with code "page.connection_lost" when there was no answer in time. */
  ask<T>(method: string, path: string, body?: unknown, withinMs?: number): Promise<Answer<T>>;
}

const WITHIN_MS = 10_000;

/** True when a refusal only says that the server cannot answer now: the same is asked again. */
export function isAway(error: unknown): boolean {
  return !(error instanceof ProblemError) || error.problem.kind === 'unavailable' || error.problem.kind === 'rateLimited';
}

export const http: Line = {
  async ask<T>(method: string, path: string, body?: unknown, withinMs = WITHIN_MS): Promise<Answer<T>> {
    const { value, response } = await ask<T>(method, path, body, withinMs);
    const date = Date.parse(response.headers.get('Date') ?? '');
    return { value, serverMs: Number.isNaN(date) ? undefined : date };
  },
};
