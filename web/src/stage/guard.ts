// Never two actions by one slip: one at a time, and not the same again at once.

/** Milliseconds in which the same action again is taken for a slip of the finger. */
export const SLIP_MS = 400;

/** Guard lets one action through at a time. */
export class Guard {
  readonly #now: () => number;
  #busy = '';
  #last = '';
  #lastAt = -Infinity;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** run does it unless another action is under way or the same one has just ended. */
  async run(name: string, act: () => Promise<void>): Promise<boolean> {
    if (this.#busy !== '') return false;
    if (this.#last === name && this.#now() - this.#lastAt < SLIP_MS) return false;
    this.#busy = name;
    try {
      await act();
      return true;
    } finally {
      this.#busy = '';
      this.#last = name;
      this.#lastAt = this.#now();
    }
  }
}
