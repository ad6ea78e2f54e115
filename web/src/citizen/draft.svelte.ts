import { randomId } from '../live/id';
import { MaxQuestionRunes } from '../wire/wire.gen';
import type { QuestionSubmit } from '../wire/wire.gen';
import { keep, recall } from './store';

export type Step = 1 | 2 | 3;

interface Kept {
  step: Step;
  topic: string;
  venue: string;
  body: string;
  /** Who asks; "" for nobody. */
  name: string;
  /** They agree to be named. */
  mayName: boolean;
  /** The idempotency key of this question; it stays until the question is acknowledged. */
  key: string;
  /** Sent, outcome unknown: the words are frozen and are sent again under the same key. */
  sending: boolean;
  /** The key was sent and nobody knows what became of it: other words need another key. */
  unsure: boolean;
}

type Words = Pick<Kept, 'topic' | 'venue' | 'body' | 'name' | 'mayName'>;

function fresh(): Kept {
  return {
    step: 1,
    topic: '',
    venue: '',
    body: '',
    name: '',
    mayName: false,
    key: randomId(),
    sending: false,
    unsure: false,
  };
}

/** What was always kept; the rest came later and may be absent. */
type Least = Pick<Kept, 'step' | 'topic' | 'venue' | 'body' | 'key' | 'sending'> & Partial<Kept>;

function isKept(value: unknown): value is Least {
  if (typeof value !== 'object' || value === null) return false;
  const kept = value as Partial<Record<keyof Kept, unknown>>;
  return (
    (kept.step === 1 || kept.step === 2 || kept.step === 3) &&
    typeof kept.topic === 'string' &&
    typeof kept.venue === 'string' &&
    typeof kept.body === 'string' &&
    typeof kept.key === 'string' &&
    kept.key.length >= 16 &&
    typeof kept.sending === 'boolean' &&
    (kept.name === undefined || typeof kept.name === 'string') &&
    (kept.mayName === undefined || typeof kept.mayName === 'boolean') &&
    (kept.unsure === undefined || typeof kept.unsure === 'boolean')
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
    this.#kept = { ...fresh(), ...recall<Least>(this.#storage, isKept, fresh()) };
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
    this.#write({ topic });
  }

  get venue(): string {
    return this.#kept.venue;
  }
  set venue(venue: string) {
    this.#write({ venue });
  }

  get body(): string {
    return this.#kept.body;
  }
  set body(body: string) {
    this.#write({ body });
  }

  get name(): string {
    return this.#kept.name;
  }
  set name(name: string) {
    // Nobody stays agreed to be named without a name.
    this.#write(name.trim() === '' ? { name, mayName: false } : { name });
  }

  get mayName(): boolean {
    return this.#kept.mayName;
  }
  set mayName(mayName: boolean) {
    this.#write({ mayName });
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

  /** What goes on the wire. */
  get question(): QuestionSubmit {
    const { key, body, topic, venue, name, mayName } = this.#kept;
    const question: QuestionSubmit = { idempotencyKey: key, body: body.normalize('NFC').trim(), topic };
    if (venue) question.venue = venue;
    const known = name.normalize('NFC').trim();
    if (known) question.name = known;
    if (known && mayName) question.mayName = true;
    return question;
  }

  /**
   * The server refused, so the words may change. Nothing was written: under a new key. If
   * that is not certain, the same words keep their key and only others get a new one.
   */
  thaw(certain = true): void {
    this.#put(certain ? { sending: false, key: randomId(), unsure: false } : { sending: false, unsure: true });
  }

  /** The server acknowledged the question: begins a new draft. */
  done(): void {
    this.#put(fresh());
  }

  #write(change: Partial<Words>): void {
    this.#put(this.#kept.unsure ? { ...change, key: randomId(), unsure: false } : change);
  }

  #put(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    keep(this.#storage, this.#kept);
  }
}
