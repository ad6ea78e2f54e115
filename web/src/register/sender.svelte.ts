import { ProblemError } from '../live/problem';
import { call } from '../rest/api';
import type { Challenge } from '../wire/wire.gen';
import type { Draft, Slip } from './slip.svelte';

/** What somebody who has registered is told. */
export interface Receipt {
  code: string;
  state: string;
  place?: number;
  question?: string;
}

/** Waits between two tries; the network coming back ends a wait. */
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 15_000];
/** After this long the person is told that the words are safe on this device. */
const SLOW_MS = 3_000;
const MOST_PROOFS = 4;

/** idle → sending ⇄ waiting (no network, or slow), proving (solves a sum first) → sent | refused. */
export type SenderState = 'idle' | 'sending' | 'waiting' | 'proving' | 'sent' | 'refused';

/** Whether an answer is certain: nothing was written, or the person has to do something. */
export function settled(error: unknown): boolean {
  if (!(error instanceof ProblemError)) return false;
  const { kind, code } = error.problem;
  return code.startsWith('verification.') || (kind !== 'unavailable' && kind !== 'pending' && kind !== 'rateLimited');
}

/** The parts of the outside world; tests give others. */
export interface World {
  post: (path: string, slip: Slip) => Promise<Receipt>;
  prove: (challenge: Challenge) => Promise<string>;
  wait: (ms: number) => Promise<void>;
}

const world: World = {
  post: (path, slip) => call<Receipt>('POST', path, slip),
  prove: async (challenge) => (await import('../pow/prove')).prove(challenge),
  wait: (ms) =>
    new Promise((resolve) => {
      const over = () => {
        clearTimeout(timer);
        globalThis.removeEventListener('online', over);
        resolve();
      };
      const timer = setTimeout(over, ms);
      globalThis.addEventListener('online', over);
    }),
};

/** Sends the draft, also one that was under way when the page was closed, until it is answered. */
export class Sender {
  readonly #path: string;
  readonly #draft: Draft;
  readonly #world: World;
  #underway = false;
  #state = $state<SenderState>('idle');
  #refusal = $state.raw<unknown>(null);

  constructor(conference: string, draft: Draft, outside: World = world) {
    this.#path = `/api/v1/conferences/${encodeURIComponent(conference)}/registrations`;
    this.#draft = draft;
    this.#world = outside;
  }

  get state(): SenderState {
    return this.#state;
  }

  /** Why the last one was refused; null when it was not. */
  get refusal(): unknown {
    return this.#refusal;
  }

  /** Forgets the last refusal. */
  clear(): void {
    if (this.#state === 'refused') this.#state = 'idle';
    this.#refusal = null;
  }

  /** Sends the draft while it is frozen, once at a time and under its one key; null when refused. */
  async send(): Promise<Receipt | null> {
    if (this.#underway || !this.#draft.sending) return null;
    this.#underway = true;
    this.#refusal = null;
    this.#state = 'sending';
    const patience = setTimeout(() => (this.#state = 'waiting'), SLOW_MS);
    try {
      const receipt = await this.#until();
      this.#draft.forget();
      this.#state = 'sent';
      return receipt;
    } catch (error) {
      this.#refusal = error;
      this.#draft.thaw();
      this.#state = 'refused';
      return null;
    } finally {
      clearTimeout(patience);
      this.#underway = false;
    }
  }

  /** Tries until an answer is certain. */
  async #until(): Promise<Receipt> {
    const slip = this.#draft.slip;
    let proofs = 0;
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.#world.post(this.#path, slip);
      } catch (error) {
        const problem = error instanceof ProblemError ? error.problem : undefined;
        if (problem?.challenge && proofs < MOST_PROOFS) {
          this.#state = 'proving';
          const proof = await this.#world.prove(problem.challenge).catch(() => undefined);
          if (proof) {
            proofs += 1;
            slip.proof = proof;
            continue;
          }
        }
        if ((problem?.challenge && proofs >= MOST_PROOFS) || (!problem?.challenge && settled(error))) throw error;
        this.#state = 'waiting';
        await this.#world.wait(Math.max(WAITS_MS[tries] ?? 15_000, problem?.retryAfterMs ?? 0));
      }
    }
  }
}
