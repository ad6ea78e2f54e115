import type { Challenge } from '../wire/wire.gen';
import { Endings, wordsOf } from './sha256';

/** Looks for the number of a challenge, as many at a time as the caller likes. */
export class Search {
  readonly #endings: Endings;
  readonly #wanted: Int32Array;
  readonly #last: number;
  #next = 0;

  /** Throws when the challenge is none that can be solved. */
  constructor(challenge: Challenge) {
    const wanted = wordsOf(challenge.challenge);
    if (challenge.algorithm !== 'SHA-256' || !wanted) throw new Error('this challenge cannot be solved');
    this.#endings = new Endings(challenge.salt);
    this.#wanted = wanted;
    this.#last = challenge.maxNumber;
  }

  /** Whether all numbers were tried. */
  get over(): boolean {
    return this.#next > this.#last;
  }

  /** Tries so many numbers; undefined when it was none of them. */
  step(count: number): number | undefined {
    const wanted = this.#wanted;
    const end = Math.min(this.#next + count, this.#last + 1);
    for (let number = this.#next; number < end; number += 1) {
      const words = this.#endings.words(String(number));
      // Nearly always the first word differs.
      if (words[0] === wanted[0] && words.every((word, i) => word === wanted[i])) {
        this.#next = number;
        return number;
      }
    }
    this.#next = end;
    return undefined;
  }
}
