import { ProblemError } from '../live/problem';
import type { Journal } from './journal';
import { isAway } from './line';
import type { Answer, Line } from './line';
import { unseal } from './sealed';
import type { Kept, LookRow, Row, UndoRow, WalkInRow } from './store';

/** How many looks are sent at once (the server takes 500). */
const BATCH = 100;
const MERGE_WITHIN_MS = 30_000;

/** Who came without a ticket. */
export interface WalkIn {
  name: string;
  phone: string;
  commune: string;
  consents: Record<string, string>;
}

interface Merged {
  merged: { scanID: string; result: string; flagged?: boolean }[];
  flagged: number;
}

type Of<R> = R & Row;

/** Codes that end a device's work; they are not the row's fault. */
export function endsDevice(error: unknown): 'revoked' | 'signedOut' | undefined {
  if (!(error instanceof ProblemError)) return undefined;
  if (error.problem.code === 'device.revoked') return 'revoked';
  if (error.problem.kind === 'unauthorised' || error.problem.code === 'access.denied') return 'signedOut';
  return undefined;
}

/** True when the row itself is refused, and would be for ever. */
function isFinal(error: unknown): error is ProblemError {
  return error instanceof ProblemError && !isAway(error) && !endsDevice(error);
}

/** Sends what waits, oldest first, the same ids until each is acknowledged. */
export class Delivery {
  readonly #line: Line;
  readonly #journal: Journal;

  constructor(line: Line, journal: Journal) {
    this.#line = line;
    this.#journal = journal;
  }

  /** Resolves to whether anything was sent; throws when the server is away or ends the device. */
  async run(kept: Kept): Promise<boolean> {
    let any = false;
    for (;;) {
      const [first, ...rest] = this.#journal.sendable;
      if (!first) return any;
      any = true;
      if (first.kind === 'look') {
        const more = rest.findIndex((row) => row.kind !== 'look');
        const looks = [first, ...(more < 0 ? rest : rest.slice(0, more))] as Of<LookRow>[];
        await this.#merge(kept, looks.slice(0, BATCH));
      } else if (first.kind === 'walkIn') await this.#walkIn(kept, first);
      else await this.#undo(kept, first);
    }
  }

  async #merge(kept: Kept, looks: Of<LookRow>[]): Promise<void> {
    await this.#journal.sending(looks);
    const scans = looks.map(({ scanID, code, at }) => ({ scanID, code, at }));
    try {
      const { value } = await this.#post<Merged>(kept, 'registrations/merge', { device: kept.device, venue: kept.venue, scans });
      const said = new Map(value.merged.map((one) => [one.scanID, one]));
      const known = looks.filter((look) => said.has(look.scanID));
      await this.#journal.settle(known, (row) => {
        const one = said.get(row.scanID);
        return one?.flagged ? { flagged: one.result } : {};
      });
    } catch (error) {
      if (!isFinal(error)) throw error;
      // One ticket of them is refused (looked at too often, say): the others must not wait.
      const [only, ...others] = looks;
      if (only && others.length === 0) await this.#journal.settle([only], () => ({ flagged: error.problem.code }));
      else for (const look of looks) await this.#merge(kept, [look]);
    }
  }

  async #walkIn(kept: Kept, row: Of<WalkInRow>): Promise<void> {
    await this.#journal.sending([row]);
    const who = await unseal<WalkIn>(kept.own, row);
    try {
      const body = { ...who, idempotencyKey: `walk-in-${row.scanID}`, venue: kept.venue, walkIn: true };
      const { value } = await this.#post<{ code: string }>(kept, 'registrations/desk', body);
      await this.#journal.settle([row], () => ({ code: value.code }));
    } catch (error) {
      if (!isFinal(error)) throw error;
      await this.#journal.settle([row], () => ({ flagged: error.problem.code }));
    }
  }

  async #undo(kept: Kept, row: Of<UndoRow>): Promise<void> {
    await this.#journal.sending([row]);
    const of = this.#journal.rows.find((known) => known.kind === 'walkIn' && known.scanID === row.code);
    const code = of?.kind === 'walkIn' ? of.code : row.code;
    try {
      if (code) await this.#post(kept, 'registrations/undo', { code });
      await this.#journal.settle([row], () => ({}));
    } catch (error) {
      if (!isFinal(error)) throw error;
      // Nobody is checked in any more: that is what was asked for.
      const undone = error.problem.code === 'registration.not_checked_in';
      await this.#journal.settle([row], () => (undone ? {} : { flagged: error.problem.code }));
    }
  }

  #post<T>(kept: Kept, what: string, body: unknown): Promise<Answer<T>> {
    return this.#line.ask<T>('POST', `/api/v1/conferences/${kept.conference}/${what}`, body, MERGE_WITHIN_MS);
  }
}
