import { randomId } from '../live/id';
import type { Socket } from '../live/socket.svelte';
import { VotesEveryMs } from '../wire/wire.gen';
import { Kept } from './kept.svelte';
import { keep, recall } from './store';

/** After the answer the totals come within this long; then no guess is needed. */
const GUESS_MS = 2 * VotesEveryMs;
const MOST = 500;

/** One's own vote that the totals do not hold yet. */
interface Guess {
  readonly on: boolean;
  /** The total when the button was pressed, and whether one's vote was in it. */
  readonly seen: number;
  readonly within: boolean;
}

function isSecret(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{22,128}$/.test(value);
}

/** The secret this device votes with: 128 random bits, kept for each conference alone. */
export function voterOf(conference: string): string {
  const key = `diemcau.voter.${conference}`;
  const known = recall(key, isSecret, '');
  if (known) return known;
  const made = randomId();
  keep(key, made);
  return made;
}

/** The votes given from this browser: shown at once, corrected by the totals. */
export class Votes {
  readonly #socket: Pick<Socket, 'command'>;
  readonly #voter: string;
  readonly #given: Kept;
  readonly #onrefused: (error: unknown) => void;
  readonly #underway = new Set<string>();
  #guesses = $state.raw<ReadonlyMap<string, Guess>>(new Map());

  constructor(conference: string, socket: Pick<Socket, 'command'>, onrefused: (error: unknown) => void) {
    this.#socket = socket;
    this.#voter = voterOf(conference);
    this.#given = new Kept(`diemcau.votes.${conference}`, MOST);
    this.#onrefused = onrefused;
  }

  /** Whether this device supports the question. */
  has(id: string): boolean {
    return this.#guesses.get(id)?.on ?? this.#given.has(id);
  }

  /** The total to show: the server's, and one's own vote while that is not in it yet. */
  total(id: string, server: number): number {
    const guess = this.#guesses.get(id);
    if (guess?.seen !== server) return server;
    return Math.max(0, server + Number(guess.on) - Number(guess.within));
  }

  /** Gives the vote or takes it back. */
  toggle(id: string, server: number): void {
    const before = this.#guesses.get(id);
    const within = before?.seen === server ? before.within : this.#given.has(id);
    this.#guess(id, { on: !this.has(id), seen: server, within });
    if (!this.#underway.has(id)) void this.#send(id);
  }

  async #send(id: string): Promise<void> {
    this.#underway.add(id);
    try {
      let on: boolean;
      do {
        on = this.has(id);
        await this.#socket.command('question.vote', { id, voter: this.#voter, on });
        if (on) this.#given.add(id);
        else this.#given.remove(id);
      } while (on !== this.has(id));
      const settled = this.#guesses.get(id);
      setTimeout(() => {
        if (this.#guesses.get(id) === settled) this.#guess(id, null);
      }, GUESS_MS);
    } catch (error) {
      this.#guess(id, null);
      this.#onrefused(error);
    } finally {
      this.#underway.delete(id);
    }
  }

  #guess(id: string, guess: Guess | null): void {
    const guesses = new Map(this.#guesses);
    if (guess) guesses.set(id, guess);
    else guesses.delete(id);
    this.#guesses = guesses;
  }
}
