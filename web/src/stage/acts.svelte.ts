// What the stage page asks of the server, one thing at a time.

import type { Live } from '../live/live.svelte';
import { sentence } from '../live/problem';
import { toasts } from '../ui/toasts.svelte';
import type { CommandName, Commands } from '../wire/wire.gen';
import { Guard } from './guard';

/** Acts carries actions out; what is refused is shown. */
export class Acts {
  readonly #live: Live;
  readonly #told: (error: unknown) => string;
  readonly #guard = new Guard();
  #busy = $state('');

  /** told puts a refusal into words. */
  constructor(live: Live, told: (error: unknown) => string = sentence) {
    this.#live = live;
    this.#told = told;
  }

  /** busy is the action under way; '' for none. */
  get busy(): string {
    return this.#busy;
  }

  /** send sends one command; true once it was carried out. */
  async send<N extends CommandName>(action: string, name: N, data: Commands[N], on = ''): Promise<boolean> {
    return this.run(action, on, async () => void (await this.#live.socket.command(name, data)));
  }

  /**
   * run does it unless something else is under way; true once it was done. on is what it is
   * done to: the same again at once is a slip, another one is not. A refusal is a toast, or
   * goes to refused where a page has a better place for it.
   */
  async run(action: string, on: string, act: () => Promise<void>, refused?: (words: string) => void): Promise<boolean> {
    let done = false;
    await this.#guard.run(`${action} ${on}`, async () => {
      this.#busy = action;
      try {
        await act();
        done = true;
      } catch (error) {
        const words = this.#told(error);
        if (refused) refused(words);
        else toasts.show('error', words);
      } finally {
        this.#busy = '';
      }
    });
    return done;
  }
}
