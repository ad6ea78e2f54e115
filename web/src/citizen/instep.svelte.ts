import type { Question } from '../wire/wire.gen';

/** What is said beside the picture. */
export interface Moment {
  readonly question: Question | undefined;
  /** The name of the venue that speaks; "": none. */
  readonly holder: string;
}

/** Milliseconds that what was said is remembered: the latest picture anybody watches is younger. */
const KEPT_MS = 60_000;

/** InStep says what belongs to the picture that is seen, however late that is. */
export class InStep {
  readonly #now: () => number;
  #said: { at: number; moment: Moment }[] = [];
  #behind = 0;
  #shown = $state.raw<Moment>({ question: undefined, holder: '' });
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** What belongs to the picture. */
  get shown(): Moment {
    return this.#shown;
  }

  /** Takes what holds from now on. */
  note(question: Question | undefined, holder: string): void {
    const last = this.#said.at(-1);
    if (last && last.moment.question === question && last.moment.holder === holder) return;
    // The first is what was found, and holds for every earlier picture too.
    this.#said.push({ at: last ? this.#now() : 0, moment: { question, holder } });
    this.#turn();
  }

  /** Takes how late the picture is, ms. */
  follow(behind: number): void {
    this.#behind = behind;
    this.#turn();
  }

  /** Ends the waiting. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #turn(): void {
    clearTimeout(this.#timer);
    const seen = this.#now() - this.#behind;
    const after = this.#said.findIndex(({ at }) => at > seen);
    const index = (after < 0 ? this.#said.length : after) - 1;
    const now = this.#said[index];
    if (now && now.moment !== this.#shown) this.#shown = now.moment;
    const next = this.#said[index + 1];
    if (next) this.#timer = setTimeout(() => this.#turn(), next.at - seen);
    const old = this.#said.findLastIndex(({ at }) => at <= this.#now() - KEPT_MS);
    if (old > 0) this.#said.splice(0, Math.min(old, index));
  }
}
