import { Live } from '../live/live.svelte';
import { ProblemError, connectionLost } from '../live/problem';
import { call } from '../rest/api';
import type { Standing } from '../wire/wire.gen';

/** idle (no code) → loading → found | missing | failed. */
export type TrackingState = 'idle' | 'loading' | 'found' | 'missing' | 'failed';

/** One question followed by its code: asked once over HTTP, then live over the socket. */
export class Tracking {
  #code = $state('');
  #state = $state<TrackingState>('idle');
  #first = $state.raw<Standing | null>(null);
  #failure = $state.raw<unknown>(null);
  #live = $state.raw<Live | null>(null);
  readonly #standing = $derived(this.#live?.standings.get(this.#code) ?? this.#first);

  get code(): string {
    return this.#code;
  }

  get state(): TrackingState {
    return this.#state;
  }

  get standing(): Standing | null {
    return this.#standing;
  }

  get failure(): unknown {
    return this.#failure;
  }

  get live(): Live | null {
    return this.#live;
  }

  /** Looks a code up and stays with it; "" lets go. */
  async look(code: string): Promise<void> {
    this.stop();
    this.#code = code;
    this.#first = null;
    this.#failure = null;
    if (!code) {
      this.#state = 'idle';
      return;
    }
    this.#state = 'loading';
    try {
      const standing = await call<Standing>('POST', '/api/v1/questions/lookup', { code });
      if (this.#code !== code) return;
      this.#code = standing.code;
      this.#first = standing;
      this.#state = 'found';
      this.#live = new Live({ conference: standing.conference });
      this.#live.socket.follow(standing.code);
      this.#live.socket.start();
    } catch (error) {
      if (this.#code !== code) return;
      const kind = error instanceof ProblemError ? error.problem.kind : '';
      this.#failure = error;
      this.#state = kind === 'notFound' || kind === 'invalid' ? 'missing' : 'failed';
    }
  }

  /** Takes the question back; only the holder of the code can. */
  async withdraw(): Promise<void> {
    await this.#live?.socket.command('question.withdraw', { code: this.#code });
  }

  /**
   * Says a returned question again; a lost connection does not matter.
   *
   * @param id of the command, kept by the caller until it is answered
   */
  async amend(body: string, id: string): Promise<void> {
    if (!this.#live) throw connectionLost();
    await this.#live.socket.command('question.amend', { code: this.#code, body }, { id });
  }

  stop(): void {
    this.#live?.socket.stop();
    this.#live = null;
  }
}
