import type { Likeness, Question } from '../wire/wire.gen';

/** A card has to lie open that long before the server is asked, ms: rows are passed by key. */
const LOOK_AFTER_MS = 300;

/** What the server finds to ask the same as the card that is open. */
export class Alike {
  readonly #ask: (body: string) => Promise<readonly Likeness[]>;
  #found = $state.raw<{ body: string; likes: readonly Likeness[] } | null>(null);
  #looking = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param ask resolves to what is like a text; a rejection is no news */
  constructor(ask: (body: string) => Promise<readonly Likeness[]>) {
    this.#ask = ask;
  }

  /** What is like the question, itself left out; empty until the server has told. */
  of(question: Question): readonly Likeness[] {
    const found = this.#found;
    if (found?.body !== wordsOf(question)) return [];
    return found.likes.filter(({ id }) => id !== question.id);
  }

  /** Asks once for each wording, after a moment. */
  look(question: Question): void {
    const body = wordsOf(question);
    if (body === this.#looking) return;
    this.#looking = body;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#fetch(body), LOOK_AFTER_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#looking = '';
  }

  async #fetch(body: string): Promise<void> {
    try {
      const likes = await this.#ask(body);
      if (this.#looking === body) this.#found = { body, likes };
    } catch {
      // The words that are shared here stand in for the server.
      if (this.#looking === body) this.#looking = '';
    }
  }
}

function wordsOf(question: Question): string {
  return question.original ?? question.text;
}
