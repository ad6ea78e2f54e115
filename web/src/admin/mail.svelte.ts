import { randomId } from '../live/id';
import { call } from '../rest/api';

/** Where a letter did not go on, as the server names it. */
export type Stage = 'connect' | 'tls' | 'login' | 'sender' | 'address' | 'recipient' | 'content' | 'late';

interface Fault {
  stage: Stage;
  code?: number;
  status?: string;
}

/** How the letters of a conference stand, as GET …/mail answers. */
export interface Letters {
  on: boolean;
  due: number;
  sent: number;
  oldest?: string;
  trouble?: Fault & { since: string; next: string };
  failed: readonly (Fault & { count: number })[];
}

/** The letters to people who registered. */
export class MailData {
  readonly #path: string;
  #now = $state.raw<Letters | null>(null);
  #failure = $state.raw<unknown>(null);

  constructor(conference: string) {
    this.#path = `/api/v1/conferences/${encodeURIComponent(conference)}/mail`;
  }

  /** As last told; null: not yet. */
  get now(): Letters | null {
    return this.#now;
  }

  /** Why it could not be asked for at last. */
  get failure(): unknown {
    return this.#failure;
  }

  async load(): Promise<void> {
    try {
      this.#now = await call<Letters>('GET', this.#path);
      this.#failure = null;
    } catch (error) {
      this.#failure = error;
    }
  }

  /** Has all that failed sent again. */
  async again(): Promise<void> {
    this.#now = await call<Letters>('POST', `${this.#path}/again`, { id: randomId() });
  }
}

/** "550 5.1.1", what a mail server's people ask for first; "" when it said nothing. */
export function numbers(fault: Fault): string {
  return [fault.code || '', fault.status ?? ''].filter((part) => part !== '').join(' ');
}
