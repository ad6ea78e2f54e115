import { keep, recall } from './store';

function isWords(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

/** A short list of strings kept in this browser, the newest first, each once. */
export class Kept {
  readonly #key: string;
  readonly #most: number;
  #list = $state.raw<readonly string[]>([]);

  /** @param most the oldest beyond that many are forgotten */
  constructor(key: string, most: number) {
    this.#key = key;
    this.#most = most;
    this.#list = recall(key, isWords, []).slice(0, most);
  }

  get list(): readonly string[] {
    return this.#list;
  }

  has(entry: string): boolean {
    return this.#list.includes(entry);
  }

  add(entry: string): void {
    this.#put([entry, ...this.#list.filter((known) => known !== entry)].slice(0, this.#most));
  }

  remove(entry: string): void {
    this.#put(this.#list.filter((known) => known !== entry));
  }

  #put(list: readonly string[]): void {
    this.#list = list;
    keep(this.#key, list);
  }
}

/** The tracking codes of the questions asked from this browser. */
export function mineOf(conference: string): Kept {
  // As many as are followed at once without tripping the server's message limit.
  return new Kept(`diemcau.mine.${conference}`, 20);
}

/** The ids of the questions of others that are followed from this browser. */
export function followedOf(conference: string): Kept {
  return new Kept(`diemcau.followed.${conference}`, 50);
}
