import { ProblemError } from '../live/problem';
import type { Socket } from '../live/socket.svelte';
import { call } from '../rest/api';
import type { OK, QuestionSubmit } from '../wire/wire.gen';

/** The socket gets this long before the same question also goes by plain HTTP. */
const SOCKET_FIRST_MS = 4_000;

function settled(error: unknown): boolean {
  if (!(error instanceof ProblemError)) return false;
  const { kind } = error.problem;
  return kind !== 'unavailable' && kind !== 'pending' && kind !== 'rateLimited';
}

function waitFor(error: unknown): number {
  const asked = error instanceof ProblemError ? (error.problem.retryAfterMs ?? 0) : 0;
  return Math.max(SOCKET_FIRST_MS, asked);
}

/**
 * Submits a question over the socket and, where that is slow or blocked, over HTTP too.
 * Both carry the same idempotency key, so there is one question and one code whichever
 * arrives; the first durable answer wins. Rejects only when the outcome is certain.
 */
export function submitQuestion(
  socket: Pick<Socket, 'command'>,
  conference: string,
  question: QuestionSubmit,
): Promise<OK> {
  const path = `/api/v1/conferences/${encodeURIComponent(conference)}/questions`;
  return new Promise((resolve, reject) => {
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const finish = (act: () => void) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      act();
    };
    const byHttp = () => {
      if (over) return;
      call<OK>('POST', path, question).then(
        (ok) => finish(() => resolve(ok)),
        (error: unknown) => {
          if (settled(error)) finish(() => reject(error));
          else if (!over) timer = setTimeout(byHttp, waitFor(error));
        },
      );
    };
    timer = setTimeout(byHttp, SOCKET_FIRST_MS);
    socket.command('question.submit', question).then(
      (ok) => finish(() => resolve(ok)),
      (error: unknown) => {
        if (settled(error)) finish(() => reject(error));
      },
    );
  });
}
