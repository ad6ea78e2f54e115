import { questionLength } from '../citizen/draft.svelte';
import { keep, recall } from '../citizen/store';
import { randomId } from '../live/id';
import { MaxQuestionRunes } from '../wire/wire.gen';

interface Kept {
  body: string;
  /** The command's id: the same words are sent under it until there is an answer. */
  id: string;
  sending: boolean;
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const kept = value as Partial<Record<keyof Kept, unknown>>;
  return typeof kept.body === 'string' && typeof kept.id === 'string' && kept.id.length >= 22 && typeof kept.sending === 'boolean';
}

/** The clearer words for a returned question; they survive a reload and a lost network. */
export class Amendment {
  readonly #storage: string;
  readonly #send: (body: string, id: string) => Promise<void>;
  #kept = $state.raw<Kept>({ body: '', id: randomId(), sending: false });
  #refusal = $state.raw<unknown>(null);
  #underway = false;

  /** @param before the words as they were asked */
  constructor(code: string, before: string, send: (body: string, id: string) => Promise<void>) {
    this.#storage = `diemcau.amend.${code}`;
    this.#send = send;
    this.#kept = recall(this.#storage, isKept, { body: before, id: randomId(), sending: false });
  }

  get body(): string {
    return this.#kept.body;
  }
  set body(body: string) {
    this.#put({ body, id: randomId() });
  }

  /** Sent, and not answered yet. */
  get sending(): boolean {
    return this.#kept.sending;
  }

  get refusal(): unknown {
    return this.#refusal;
  }

  /** Characters used; over the limit when negative. */
  get left(): number {
    return MaxQuestionRunes - questionLength(this.#kept.body);
  }

  /** Freezes the words until there is an answer. */
  freeze(): void {
    this.#put({ sending: true });
  }

  /** Sends the frozen words; true once they were taken. */
  async send(): Promise<boolean> {
    if (this.#underway || !this.#kept.sending) return false;
    this.#underway = true;
    this.#refusal = null;
    try {
      await this.#send(this.#kept.body.normalize('NFC').trim(), this.#kept.id);
      keep(this.#storage, null);
      return true;
    } catch (error) {
      this.#refusal = error;
      this.#put({ sending: false });
      return false;
    } finally {
      this.#underway = false;
    }
  }

  #put(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    keep(this.#storage, this.#kept);
  }
}
