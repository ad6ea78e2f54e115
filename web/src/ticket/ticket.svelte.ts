import type { Info } from '../register/info.svelte';
import { call } from '../rest/api';

export type TicketState = 'confirmed' | 'waiting' | 'offered' | 'lapsed' | 'cancelled' | 'checkedIn';

/** Where a registration stands: what POST …/lookup answers. */
export interface Standing {
  conference: string;
  code: string;
  state: TicketState;
  venue?: string;
  online?: boolean;
  place?: number;
  offerEnds?: string;
  question?: string;
  erased?: boolean;
  /** Was invited and did not come; inWriting: so the question is answered in writing, by agency. */
  absent?: boolean;
  inWriting?: boolean;
  agency?: string;
}

/** What is held of a person. */
export interface Person {
  name?: string;
  phone?: string;
  commune?: string;
  organisation?: string;
  email?: string;
  idNumber?: string;
}

/** What POST …/mine answers. */
export interface Held extends Standing {
  person?: Person;
  consents?: { purpose: string; version: string }[];
}

export type Errand = 'accept' | 'cancel' | 'move' | 'mine' | 'correct' | 'erase';

/** More than the code and the number. */
export interface Details {
  venue?: string;
  online?: true;
  wait?: true;
  person?: Person;
}

/** A code in the one form people may type it in; the server has the last word. */
export function tidyTicket(typed: string): string {
  return typed.normalize('NFKC').toUpperCase().replace(/[^0-9A-Z]/g, '').replace(/^(.{5})(.{5})(.+)$/, '$1-$2-$3');
}

/** How often a ticket that waits is looked up while its page is seen. */
const EVERY_MS = 30_000;

/** A ticket, known by its code alone; the telephone number lives in memory while the page does. */
export class Ticket {
  readonly code: string;
  #standing = $state.raw<Standing | null>(null);
  #info = $state.raw<Info | null>(null);
  #held = $state.raw<Held | null>(null);
  #failure = $state.raw<unknown>(null);
  /** Typed once, for all that is done on this page. */
  phone = $state('');

  constructor(code: string) {
    this.code = code;
  }

  get standing(): Standing | null {
    return this.#standing;
  }

  /** What is known of the conference; null while nobody registers for it. */
  get info(): Info | null {
    return this.#info;
  }

  /** What is held of the person, once they proved to be it; null before, and once closed. */
  get held(): Held | null {
    return this.#held;
  }

  /** Why the last look failed; null when it did not. */
  get failure(): unknown {
    return this.#failure;
  }

  async look(): Promise<void> {
    try {
      this.#standing = await call<Standing>('POST', '/api/v1/registrations/lookup', { code: this.code });
      this.#failure = null;
      await this.#about(this.#standing.conference);
    } catch (error) {
      this.#failure = error;
    }
  }

  /** Does an errand; throws what the server refused. */
  async run(errand: Errand, more: Details = {}): Promise<void> {
    const held = await call<Held>('POST', `/api/v1/registrations/${errand}`, { code: this.code, phone: this.phone, ...more });
    this.#standing = held;
    if (errand === 'erase') this.#held = null;
    else if (errand === 'mine' || errand === 'correct' || this.#held) this.#held = held;
    if (errand !== 'mine' && errand !== 'correct') await this.#about(held.conference);
  }

  /** Puts away what is held. */
  close(): void {
    this.#held = null;
  }

  /** Looks again while the page is seen and something may change; returns how to stop. */
  follow(): () => void {
    const look = () => {
      const state = this.#standing?.state;
      const over = state === 'cancelled' || state === 'lapsed' || state === 'checkedIn';
      if (document.visibilityState === 'visible' && !over) void this.look();
    };
    const timer = setInterval(look, EVERY_MS);
    document.addEventListener('visibilitychange', look);
    globalThis.addEventListener('online', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
      globalThis.removeEventListener('online', look);
    };
  }

  async #about(conference: string): Promise<void> {
    const path = `/api/v1/conferences/${encodeURIComponent(conference)}/registration`;
    // The ticket is shown without it too.
    this.#info = await call<Info>('GET', path).catch(() => this.#info);
  }
}
