import { randomId } from '../live/id';
import { MaxQuestionRunes } from '../wire/wire.gen';
import { keep, recall } from './store';

export type Step = 1 | 2 | 3;

interface Kept {
  step: Step;
  topic: string;
  venue: string;
  body: string;
  /** The idempotency key of this question; it stays until the question is acknowledged. */
  key: string;
  /** Sent, outcome unknown: the words are frozen and are sent again under the same key. */
  sending: boolean;
}

function fresh(): Kept {
  return { step: 1, topic: '', venue: '', body: '', key: randomId(), sending: false };
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const kept = value as Partial<Record<keyof Kept, unknown>>;
  return (
    (kept.step === 1 || kept.step === 2 || kept.step === 3) &&
    typeof kept.topic === 'string' &&
    typeof kept.venue === 'string' &&
    typeof kept.body === 'string' &&
    typeof kept.key === 'string' &&
    kept.key.length >= 16 &&
    typeof kept.sending === 'boolean'
  );
}

/** The length as the server counts it: runes after NFC. */
export function questionLength(body: string): number {
  return [...body.normalize('NFC').trim()].length;
}

/** The question being written; it survives a reload, a crash and a lost network. */
export class Draft {
  readonly #storage: string;
  #kept = $state.raw<Kept>(fresh());

  constructor(conference: string) {
    this.#storage = `diemcau.draft.${conference}`;
    this.#kept = recall(this.#storage, isKept, fresh());
  }

  get step(): Step {
    return this.#kept.step;
  }
  set step(step: Step) {
    this.#put({ step });
  }

  get topic(): string {
    return this.#kept.topic;
  }
  set topic(topic: string) {
    this.#put({ topic });
  }

  get venue(): string {
    return this.#kept.venue;
  }
  set venue(venue: string) {
    this.#put({ venue });
  }

  get body(): string {
    return this.#kept.body;
  }
  set body(body: string) {
    this.#put({ body });
  }

  get key(): string {
    return this.#kept.key;
  }

  get sending(): boolean {
    return this.#kept.sending;
  }

  /** Characters used; over the limit when negative. */
  get left(): number {
    return MaxQuestionRunes - questionLength(this.#kept.body);
  }

  /** Freezes the words until there is an answer. */
  freeze(): void {
    this.#put({ sending: true });
  }

  /** The server refused: nothing was written, so the words may change, under a new key. */
  thaw(): void {
    this.#put({ sending: false, key: randomId() });
  }

  /** The server acknowledged the question: begins a new draft. */
  done(): void {
    this.#put(fresh());
  }

  #put(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    keep(this.#storage, this.#kept);
  }
}
