import { randomId } from '../live/id';
import { MaxQuestionRunes } from '../wire/wire.gen';
import type { QuestionSubmit } from '../wire/wire.gen';

/** What is wrong with what was typed, by field. */
export interface Wrong {
  body: '' | 'empty' | 'long';
  topic: boolean;
}

/**
 * A question that staff type in for somebody: on the telephone, at the desk, in the hall. It
 * outlives the form it is typed into, as a call goes on meanwhile.
 */
export class Entry {
  body = $state('');
  topic = $state('');
  venue = $state('');
  name = $state('');
  mayName = $state(false);
  /** How to call the asker back: for the desk and the administrators alone. */
  phone = $state('');
  organisation = $state('');
  /** The tracking code, once the question is in. */
  code = $state('');
  #tried = $state(false);
  // The same words keep their key, so that sending them twice is one question.
  #key = randomId();
  #keyOf = '';
  #sending = false;
  readonly #home: string;

  /** home is the venue that stands in the form until another is chosen; '' none. */
  constructor(home = '') {
    this.#home = home;
    this.venue = home;
  }

  readonly words: string = $derived(this.body.normalize('NFC').trim());
  readonly used: number = $derived([...this.words].length);
  readonly wrong: Wrong = $derived.by(() => ({
    body: !this.#tried ? '' : this.used === 0 ? 'empty' : this.used > MaxQuestionRunes ? 'long' : '',
    topic: this.#tried && this.topic === '',
  }));

  /** The command, or null when something is wrong, which is then told. */
  command(): QuestionSubmit | null {
    this.#tried = true;
    if (this.wrong.body !== '' || this.wrong.topic) return null;
    const question = this.#question();
    const said = JSON.stringify(question);
    if (this.#keyOf !== '' && this.#keyOf !== said) this.#key = randomId();
    this.#keyOf = said;
    return { idempotencyKey: this.#key, ...question };
  }

  /**
   * Sends the question; false when something is wrong, which is then told. While one is on
   * its way nothing else is sent: its answer would empty the form of another's words.
   */
  async submit(send: (command: QuestionSubmit) => Promise<string | undefined>): Promise<boolean> {
    if (this.#sending) return true;
    const command = this.command();
    if (!command) return false;
    this.#sending = true;
    try {
      const code = await send(command);
      if (code) this.done(code, JSON.stringify(this.#question()) !== this.#keyOf);
    } finally {
      this.#sending = false;
    }
    return true;
  }

  #question(): Omit<QuestionSubmit, 'idempotencyKey'> {
    const name = this.name.normalize('NFC').trim();
    const phone = this.phone.trim();
    const organisation = this.organisation.normalize('NFC').trim();
    return {
      body: this.words,
      topic: this.topic,
      ...(this.venue ? { venue: this.venue } : {}),
      ...(name ? { name, mayName: this.mayName } : {}),
      ...(phone ? { phone } : {}),
      ...(organisation ? { organisation } : {}),
    };
  }

  /** The question is in; its words are not needed any more, but what was typed since. */
  done(code: string, more = false): void {
    this.code = code;
    this.#key = randomId();
    this.#keyOf = '';
    if (more) return;
    this.body = '';
    this.venue = this.#home;
    this.name = '';
    this.mayName = false;
    this.phone = '';
    this.organisation = '';
    this.#tried = false;
  }
}
