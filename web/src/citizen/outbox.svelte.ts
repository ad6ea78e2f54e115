import { ProblemError } from '../live/problem';
import type { Socket } from '../live/socket.svelte';
import type { Draft } from './draft.svelte';
import type { Kept } from './kept.svelte';
import { submitQuestion } from './submit';

/** After this long the asker is told that the words are safe on this device. */
const SLOW_MS = 3_000;

/** idle → sending ⇄ waiting (no line, or slow), proving (solves a sum first) → sent | refused. */
export type OutboxState = 'idle' | 'sending' | 'waiting' | 'proving' | 'sent' | 'refused';

/** What to do about a refusal: mend the words, wait, ask the staff, or send the same again. */
export type Advice = 'mend' | 'opens' | 'staff' | 'again';

/** What the asker can do about a refusal. */
export function adviceFor(error: unknown): Advice {
  if (!(error instanceof ProblemError)) return 'again';
  const { kind, code } = error.problem;
  if (code === 'conference.not_open') return 'opens';
  if (code === 'proof.required') return 'staff';
  return kind === 'invalid' || kind === 'tooLarge' || kind === 'notFound' ? 'mend' : 'again';
}

/** Sends the draft, also one that was under way when the page was closed, until it is answered. */
export class Outbox {
  readonly #socket: Pick<Socket, 'command' | 'state'>;
  readonly #conference: string;
  readonly #draft: Draft;
  readonly #mine: Kept;
  #underway = false;
  #slow = $state(false);
  #proving = $state(false);
  #code = $state('');
  #refusal = $state.raw<unknown>(null);

  constructor(socket: Pick<Socket, 'command' | 'state'>, conference: string, draft: Draft, mine: Kept) {
    this.#socket = socket;
    this.#conference = conference;
    this.#draft = draft;
    this.#mine = mine;
  }

  get state(): OutboxState {
    if (this.#draft.sending) {
      if (this.#socket.state !== 'online') return 'waiting';
      if (this.#proving) return 'proving';
      return this.#slow ? 'waiting' : 'sending';
    }
    if (this.#code) return 'sent';
    return this.#refusal ? 'refused' : 'idle';
  }

  /** The tracking code of what was sent; "" before and after. */
  get code(): string {
    return this.#code;
  }

  /** Why the last one was refused; null when it was not. */
  get refusal(): unknown {
    return this.#refusal;
  }

  /** Forgets the last answer. */
  clear(): void {
    this.#code = '';
    this.#refusal = null;
  }

  /** Sends the draft while it is frozen; once at a time, under its one key. */
  async send(): Promise<void> {
    if (this.#underway || !this.#draft.sending) return;
    this.#underway = true;
    this.clear();
    const patience = setTimeout(() => (this.#slow = true), SLOW_MS);
    try {
      const ok = await submitQuestion(this.#socket, this.#conference, this.#draft.question, () => (this.#proving = true));
      this.#code = ok.code ?? '';
      if (ok.code) this.#mine.add(ok.code);
      this.#draft.done();
    } catch (error) {
      this.#refusal = error;
      this.#draft.thaw(error instanceof ProblemError && error.problem.kind !== 'internal');
    } finally {
      clearTimeout(patience);
      this.#slow = false;
      this.#proving = false;
      this.#underway = false;
    }
  }
}
