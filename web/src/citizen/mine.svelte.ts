import { keep, recall } from './store';

/** As many codes as are followed at once without tripping the server's message limit. */
const MOST = 20;

function isCodes(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((code) => typeof code === 'string');
}

/** The tracking codes of the questions asked from this browser, newest first. */
export class Mine {
  readonly #key: string;
  #codes = $state.raw<readonly string[]>([]);

  constructor(conference: string) {
    this.#key = `diemcau.mine.${conference}`;
    this.#codes = recall(this.#key, isCodes, []).slice(0, MOST);
  }

  get codes(): readonly string[] {
    return this.#codes;
  }

  add(code: string): void {
    this.#put([code, ...this.#codes.filter((known) => known !== code)].slice(0, MOST));
  }

  remove(code: string): void {
    this.#put(this.#codes.filter((known) => known !== code));
  }

  #put(codes: readonly string[]): void {
    this.#codes = codes;
    keep(this.#key, codes);
  }
}
