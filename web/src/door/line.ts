import { language } from '../i18n/language.svelte';
import { ProblemError } from '../live/problem';
import { refusal } from '../rest/api';

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
    const headers = new Headers({ 'Accept-Language': language.code, Accept: 'application/json' });
    if (body !== undefined) headers.set('Content-Type', 'application/json');
    let response: Response;
    let value: T;
    try {
      response = await fetch(path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        credentials: 'same-origin',
        cache: 'no-store',
        signal: AbortSignal.timeout(withinMs),
      });
      if (response.ok) value = (response.status === 204 ? undefined : await response.json()) as T;
      else throw await refusal(response);
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      throw new ProblemError({ kind: 'unavailable', code: 'page.connection_lost', message: '' });
    }
    const date = Date.parse(response.headers.get('Date') ?? '');
    return { value, serverMs: Number.isNaN(date) ? undefined : date };
  },
};
