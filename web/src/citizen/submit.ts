import { ProblemError } from '../live/problem';
import type { Socket } from '../live/socket.svelte';
import { call } from '../rest/api';
import type { Challenge, OK, QuestionSubmit } from '../wire/wire.gen';

/** The socket gets this long before the same question also goes by plain HTTP. */
const SOCKET_FIRST_MS = 4_000;
/** So many proofs of work are made for one question; then the asker is told of the way round. */
const MOST_PROOFS = 4;

function settled(error: unknown): boolean {
  if (!(error instanceof ProblemError)) return false;
  const { kind } = error.problem;
  return kind !== 'unavailable' && kind !== 'pending' && kind !== 'rateLimited';
}

function challengeOf(error: unknown): Challenge | undefined {
  return error instanceof ProblemError ? error.problem.challenge : undefined;
}

function waitFor(error: unknown): number {
  const asked = error instanceof ProblemError ? (error.problem.retryAfterMs ?? 0) : 0;
  return Math.max(SOCKET_FIRST_MS, asked);
}

/**
 * Submits a question over the socket and, where that is slow or blocked, over HTTP too.
 * Both carry the same idempotency key, so there is one question and one code whichever
 * arrives; the first durable answer wins. While the conference is flooded the server asks
 * for a proof of work first. Rejects only when the outcome is certain.
 *
 * @param onproof called when the device begins to solve
 */
export function submitQuestion(
  socket: Pick<Socket, 'command'>,
  conference: string,
  question: QuestionSubmit,
  onproof: () => void = () => undefined,
): Promise<OK> {
  const path = `/api/v1/conferences/${encodeURIComponent(conference)}/questions`;
  return new Promise((resolve, reject) => {
    let over = false;
    let sent = question;
    let proofs = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const finish = (act: () => void) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      act();
    };
    const later = (wait: number) => {
      clearTimeout(timer);
      if (!over) timer = setTimeout(byHttp, wait);
    };
    const solve = (challenge: Challenge, error: unknown, again: () => void) => {
      if (over) return;
      if (proofs >= MOST_PROOFS) {
        finish(() => reject(error));
        return;
      }
      proofs += 1;
      clearTimeout(timer); // the other way would be asked for a proof too
      onproof();
      import('../pow/prove')
        .then(({ prove }) => prove(challenge))
        .then(
          (proof) => {
            sent = { ...question, proof };
            if (!over) again();
          },
          () => later(waitFor(error)),
        );
    };
    const byHttp = () => {
      if (over) return;
      call<OK>('POST', path, sent).then(
        (ok) => finish(() => resolve(ok)),
        (error: unknown) => {
          const challenge = challengeOf(error);
          if (challenge) solve(challenge, error, byHttp);
          else if (settled(error)) finish(() => reject(error));
          else later(waitFor(error));
        },
      );
    };
    const bySocket = () => {
      later(SOCKET_FIRST_MS);
      socket.command('question.submit', sent).then(
        (ok) => finish(() => resolve(ok)),
        (error: unknown) => {
          const challenge = challengeOf(error);
          if (challenge) solve(challenge, error, bySocket);
          else if (settled(error)) finish(() => reject(error));
        },
      );
    };
    bySocket();
  });
}
