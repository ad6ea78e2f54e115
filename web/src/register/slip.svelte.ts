import { keep, recall } from '../citizen/store';
import { randomId } from '../live/id';
import { e164 } from './phone';

/** What somebody fills in. */
export interface Words {
  name: string;
  phone: string;
  commune: string;
  organisation: string;
  email: string;
  idNumber: string;
  place: '' | 'venue' | 'online';
  venue: string;
  topic: string;
  question: string;
  /** The version of the text agreed to; "" nobody ticked the box. */
  privacy: string;
  mayName: string;
  mayContact: string;
  /** The one-time code. */
  code: string;
}

interface Kept {
  words: Words;
  /** The idempotency key; it stays until the registration is acknowledged or refused. */
  key: string;
  /** Sent, outcome unknown: the words are frozen and are sent again under the same key. */
  sending: boolean;
}

/** What goes on the wire. */
export interface Slip {
  idempotencyKey: string;
  name: string;
  phone: string;
  commune?: string;
  organisation?: string;
  email?: string;
  idNumber?: string;
  topic?: string;
  question?: string;
  venue?: string;
  online?: true;
  consents: { privacy: string; name?: string; contact?: string };
  code?: string;
  proof?: string;
}

export const blank: Readonly<Words> = {
  name: '', phone: '', commune: '', organisation: '', email: '', idNumber: '', place: '', venue: '', topic: '', question: '',
  privacy: '', mayName: '', mayContact: '', code: '',
};

function isWords(value: unknown): value is Words {
  if (typeof value !== 'object' || value === null) return false;
  const words = value as Record<string, unknown>;
  return Object.keys(blank).every((key) => typeof words[key] === 'string');
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const kept = value as Partial<Record<keyof Kept, unknown>>;
  return isWords(kept.words) && typeof kept.key === 'string' && kept.key.length >= 16 && typeof kept.sending === 'boolean';
}

function fresh(): Kept {
  return { words: { ...blank }, key: randomId(), sending: false };
}

function tidy(text: string): string {
  return text.normalize('NFC').trim();
}

/** The registration being written; it survives a reload, a crash and a lost network. */
export class Draft {
  readonly #storage: string;
  #kept = $state.raw<Kept>(fresh());

  constructor(conference: string) {
    this.#storage = `diemcau.register.${conference}`;
    this.#kept = recall<Kept>(this.#storage, isKept, fresh());
  }

  get words(): Readonly<Words> {
    return this.#kept.words;
  }

  get sending(): boolean {
    return this.#kept.sending;
  }

  /** Whether anything was written. */
  get begun(): boolean {
    return Object.values(this.#kept.words).some((value) => value !== '');
  }

  /** Changes the words, unless they are under way. */
  write(change: Partial<Words>): void {
    if (!this.sending) this.#put({ words: { ...this.#kept.words, ...change } });
  }

  /** Takes over what was typed, and the key it may have been sent under, before the script was there. */
  takeOver(words: Partial<Words>, key: string): void {
    if (this.sending) return;
    this.#put({ words: { ...this.#kept.words, ...words }, ...(key.length >= 16 ? { key } : {}) });
  }

  /** Boxes ticked for another text are unticked. */
  agreedTo(version: string): void {
    const of = (ticked: string) => (ticked === version ? ticked : '');
    const { privacy, mayName, mayContact } = this.#kept.words;
    const now = { privacy: of(privacy), mayName: of(mayName), mayContact: of(mayContact) };
    if (now.privacy !== privacy || now.mayName !== mayName || now.mayContact !== mayContact) this.write(now);
  }

  /** Freezes the words until there is an answer. */
  freeze(): void {
    this.#put({ sending: true });
  }

  /** The server refused, and wrote nothing: the words may change, under a new key. */
  thaw(): void {
    this.#put({ sending: false, key: randomId() });
  }

  /** The server acknowledged it, or the person wants it forgotten. */
  forget(): void {
    this.#put(fresh());
  }

  get slip(): Slip {
    const { words, key } = this.#kept;
    const slip: Slip = {
      idempotencyKey: key,
      name: tidy(words.name),
      phone: e164(words.phone) || tidy(words.phone),
      consents: { privacy: words.privacy },
    };
    for (const field of ['commune', 'organisation', 'email', 'idNumber'] as const) {
      const told = tidy(words[field]);
      if (told) slip[field] = told;
    }
    if (words.topic) slip.topic = words.topic;
    const question = tidy(words.question);
    if (question) slip.question = question;
    if (words.place === 'online') slip.online = true;
    else slip.venue = words.venue;
    if (words.mayName) slip.consents.name = words.mayName;
    if (words.mayContact) slip.consents.contact = words.mayContact;
    const code = words.code.replace(/\s/g, '');
    if (code) slip.code = code;
    return slip;
  }

  #put(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    // The number of a paper and the one-time code stay in memory, unless they are under way.
    const { words, sending } = this.#kept;
    const kept = sending ? words : { ...words, idNumber: '', code: '' };
    keep(this.#storage, { ...this.#kept, words: kept });
  }
}
