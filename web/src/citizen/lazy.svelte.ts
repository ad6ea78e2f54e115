import { language } from '../i18n/language.svelte';

/** A part of the page that is fetched when it is wanted, with its words. */
export class Lazy<M> {
  readonly #load: () => Promise<M>;
  #part = $state.raw<M | null>(null);
  #failed = $state(false);
  #underway = false;

  constructor(load: () => Promise<M>) {
    this.#load = load;
  }

  /** Null until it is there. */
  get part(): M | null {
    return this.#part;
  }

  /** The last try failed; wanting it again tries again. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Fetches the part, once; asking again while it comes does nothing. */
  async want(): Promise<void> {
    if (this.#part || this.#underway) return;
    this.#underway = true;
    this.#failed = false;
    try {
      const part = await this.#load();
      // Without its English words the part is shown in Vietnamese.
      await language.ready().catch(() => undefined);
      this.#part = part;
    } catch {
      this.#failed = true;
    } finally {
      this.#underway = false;
    }
  }
}
