import type { Live } from '../live/live.svelte';
import { sentence } from '../live/problem';
import { toasts } from '../ui/toasts.svelte';
import type { Commands, Question } from '../wire/wire.gen';
import { owedOf } from './owed';
import type { Owed } from './owed';

type Promised = 'promise.assign' | 'promise.note' | 'promise.keep';

/** An official's desk: what is owed, and what is done about it. */
export class AnswerDesk {
  readonly live: Live;
  #agency = $state('');
  #list = $state<'owed' | 'kept'>('owed');
  #busy = $state(false);
  #now = $state(Date.now());
  readonly #owed: Owed = $derived.by(() => owedOf(this.live.view?.questions.values() ?? [], this.#agency, this.#now));

  constructor(live: Live) {
    this.live = live;
  }

  get owed(): Owed {
    return this.#owed;
  }

  /** The server's clock, as of the last tick. */
  get now(): number {
    return this.#now;
  }

  tick(): void {
    this.#now = this.live.now();
  }

  get agency(): string {
    return this.#agency;
  }

  narrow(agency: string): void {
    this.#agency = agency;
  }

  get list(): 'owed' | 'kept' {
    return this.#list;
  }

  show(list: 'owed' | 'kept'): void {
    this.#list = list;
  }

  get shown(): readonly Question[] {
    return this.#owed[this.#list];
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** Gives a command; says what came of it and returns whether it was carried out. */
  async do<N extends Promised>(name: N, data: Commands[N], done: string): Promise<boolean> {
    if (this.#busy) return false;
    this.#busy = true;
    try {
      await this.live.socket.command(name, data);
      toasts.show('good', done);
      return true;
    } catch (error) {
      toasts.show('error', sentence(error));
      return false;
    } finally {
      this.#busy = false;
    }
  }
}
