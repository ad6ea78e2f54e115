import { ConcurrentCommands } from '../wire/wire.gen';
import type { CommandName, OK, Reply } from '../wire/wire.gen';
import { ProblemError, connectionLost } from './problem';

/** After this long without an answer the same command is sent again. */
const ANSWER_WITHIN_MS = 15_000;
/** How often a command is tried again when the server asks for it. */
const RETRIES = 6;

interface Call {
  readonly id: string;
  readonly name: CommandName;
  readonly data: unknown;
  readonly again: boolean;
  readonly resolve: (ok: OK) => void;
  readonly reject: (error: ProblemError) => void;
  sent: boolean;
  retries: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * The commands that wait for their answer. A command keeps its id for ever, so that
 * sending it again is safe and returns the first result.
 */
export class Calls {
  readonly #send: (id: string, name: CommandName, data: unknown) => void;
  readonly #calls = new Map<string, Call>();
  #open = false;

  /** @param send puts one command on the wire; called only between opened and lost. */
  constructor(send: (id: string, name: CommandName, data: unknown) => void) {
    this.#send = send;
  }

  /** How many commands have no answer yet. */
  get waiting(): number {
    return this.#calls.size;
  }

  /** Adds a command; without `again` it fails when the connection is lost. */
  add(id: string, name: CommandName, data: unknown, again: boolean): Promise<OK> {
    if (!again && !this.#open) return Promise.reject(connectionLost());
    return new Promise((resolve, reject) => {
      this.#calls.set(id, {
        id,
        name,
        data,
        again,
        resolve,
        reject,
        sent: false,
        retries: 0,
        timer: undefined,
      });
      this.#pump();
    });
  }

  /** The connection takes commands again: sends what has no answer. */
  opened(): void {
    this.#open = true;
    this.#pump();
  }

  /** The connection is gone. */
  lost(): void {
    this.#open = false;
    for (const call of [...this.#calls.values()]) {
      clearTimeout(call.timer);
      call.sent = false;
      if (!call.again) this.#fail(call, connectionLost());
    }
  }

  /** The page will not come back: everything that waits fails. */
  end(): void {
    this.#open = false;
    for (const call of [...this.#calls.values()]) this.#fail(call, connectionLost());
  }

  /** Takes an answer; unknown ids are answers to repeats and ignored. */
  answer(reply: Reply): void {
    const call = this.#calls.get(reply.to);
    if (!call) return;
    clearTimeout(call.timer);
    if (reply.ok) {
      this.#calls.delete(call.id);
      call.resolve(reply.ok);
    } else if (reply.error) {
      const wait = reply.error.retryAfterMs ?? 0;
      // The same again would be refused again while there is something to solve first.
      if (wait > 0 && !reply.error.challenge && call.retries < RETRIES) {
        call.retries += 1;
        call.timer = setTimeout(() => this.#repeat(call), wait);
        return;
      }
      this.#fail(call, new ProblemError(reply.error));
    }
    this.#pump();
  }

  #fail(call: Call, error: ProblemError): void {
    clearTimeout(call.timer);
    this.#calls.delete(call.id);
    call.reject(error);
  }

  #repeat(call: Call): void {
    call.sent = false;
    this.#pump();
  }

  #pump(): void {
    if (!this.#open) return;
    let underway = 0;
    for (const call of this.#calls.values()) if (call.sent) underway += 1;
    for (const call of this.#calls.values()) {
      if (underway >= ConcurrentCommands) return;
      if (call.sent) continue;
      underway += 1;
      call.sent = true;
      call.timer = setTimeout(() => this.#repeat(call), ANSWER_WITHIN_MS);
      this.#send(call.id, call.name, call.data);
    }
  }
}
