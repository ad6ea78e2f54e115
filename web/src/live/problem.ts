import { common } from '../i18n/common';
import type { Problem } from '../wire/wire.gen';

/** A refusal by the server, or by the page itself when the code begins with "page.". */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.code);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** The connection went away before the answer came and the command must not be repeated. */
export function connectionLost(): ProblemError {
  return new ProblemError({ kind: 'unavailable', code: 'page.connection_lost', message: '' });
}

/** One sentence for the person at the page: the server's own, else ours by kind. */
export function sentence(error: unknown): string {
  const words = common().problem;
  if (!(error instanceof ProblemError)) return words.internal;
  const { problem } = error;
  if (problem.message) return problem.message;
  switch (problem.kind) {
    case 'rateLimited':
      return words.rateLimited;
    case 'notFound':
      return words.notFound;
    case 'forbidden':
      return words.forbidden;
    case 'unauthorised':
      return words.unauthorised;
    case 'pending':
      return words.pending;
    case 'unavailable':
      return words.connection;
    default:
      return words.internal;
  }
}
