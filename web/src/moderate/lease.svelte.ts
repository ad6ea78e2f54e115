import { ProblemError } from '../live/problem';
import type { Question } from '../wire/wire.gen';

/** How often the lease of the open card is prolonged, ms; it lasts three times as long. */
export const KEEP_EVERY_MS = 30_000;

/** A card that was held here and is not any more, without this desk's doing. */
export interface Lost {
  readonly id: string;
  /** Who has it now; '' for nobody. */
  readonly by: string;
}

/**
 * Prolongs the lease of the card that is open, and notices when it is lost: another
 * moderator took it over, or it lapsed.
 */
export class Lease {
  readonly #keep: (id: string) => Promise<unknown>;
  #lost = $state.raw<Lost | null>(null);
  #id = '';
  #ended = '';
  #underWay = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param keep prolongs the lease; rejects with a conflict when it is lost */
  constructor(keep: (id: string) => Promise<unknown>) {
    this.#keep = keep;
  }

  get lost(): Lost | null {
    return this.#lost;
  }

  /** Tells which card is open, and whether it is held here; at every change of either. */
  watch(question: Question | undefined, mine: boolean, now: number): void {
    const id = question?.id ?? '';
    if (mine && id !== this.#ended) {
      this.#begin(id, now - Date.parse(question?.claim?.at ?? ''));
      return;
    }
    if (id === this.#ended && !mine) this.#ended = '';
    if (this.#id === id && id !== '') {
      this.#lose(id, question?.claim?.person ?? '');
    } else if (id !== this.#id) {
      this.stop();
      if (this.#lost?.id === id) this.#lost = { id, by: question?.claim?.person ?? '' };
    }
  }

  /** This desk lets go of the card: what comes of it now is no loss. */
  ends(id: string): void {
    this.#ended = id;
    if (this.#lost?.id === id) this.#lost = null;
    if (this.#id === id) this.stop();
  }

  /** This desk wants the card again: it was not let go after all, or is claimed anew. */
  wants(id: string): void {
    if (this.#ended === id) this.#ended = '';
  }

  /** Prolongs nothing any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#id = '';
  }

  #begin(id: string, heldMs: number): void {
    if (this.#lost?.id === id) this.#lost = null;
    if (this.#id === id) return;
    clearInterval(this.#timer);
    this.#id = id;
    this.#timer = setInterval(() => void this.#prolong(id), KEEP_EVERY_MS);
    // The card was opened again, or the page loaded again: the lease may be about to end.
    if (heldMs >= KEEP_EVERY_MS) void this.#prolong(id);
  }

  async #prolong(id: string): Promise<void> {
    // While the line is slow or away one sign of life waits, not one for every 30 s.
    if (this.#underWay) return;
    this.#underWay = true;
    try {
      await this.#keep(id);
    } catch (error) {
      if (this.#id !== id || !(error instanceof ProblemError) || error.problem.kind !== 'conflict') return;
      this.#lose(id, error.problem.question?.claim?.person ?? '');
    } finally {
      this.#underWay = false;
    }
  }

  #lose(id: string, by: string): void {
    this.stop();
    this.#lost = { id, by };
  }
}
