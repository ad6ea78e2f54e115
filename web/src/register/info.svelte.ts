import { ProblemError } from '../live/problem';
import { call } from '../rest/api';

/** A venue as somebody who registers sees it; seats and free are the public's. */
export interface Seats {
  id: string;
  name: string;
  address?: string;
  seats: number;
  free: number;
  waiting: number;
}

/** What GET …/registration answers. */
export interface Info {
  conference: string;
  title: string;
  titleEn?: string;
  startsAt: string;
  open: boolean;
  opensAt: string;
  closesAt: string;
  doorsAt: string;
  offerMs: number;
  verifyPhone?: boolean;
  askIdNumber?: boolean;
  /** Who gives an e-mail address is sent the ticket. */
  mail?: boolean;
  invitation?: string;
  invitationEn?: string;
  privacy: { version: string; text: string; textEn?: string };
  venues: Seats[];
  topics: { id: string; name: string; nameEn?: string }[];
}

/** Where the registration stands; full: open, and every seat is taken. */
export type Phase = 'notYet' | 'open' | 'full' | 'closed';

/** Whether somebody who registers now gets a seat there at once. */
export function hasRoom(venue: Seats): boolean {
  return venue.free > 0 && venue.waiting === 0;
}

/** Where it stands; the server's word counts, not this device's clock. */
export function phaseOf(info: Info, now: number): Phase {
  if (!info.open) return now < Date.parse(info.opensAt) ? 'notYet' : 'closed';
  return info.venues.length > 0 && !info.venues.some(hasRoom) ? 'full' : 'open';
}

/** The words in the reader's language; Vietnamese where there are no English ones. */
export function inTongue(lang: string, vi: string, en: string | undefined): string {
  return lang === 'en' && en ? en : vi;
}

/** How often the free places are looked up while the page is seen. */
const EVERY_MS = 20_000;

/** unknown: no such conference; off: nobody registers for it. */
export type Lookup = 'loading' | 'there' | 'off' | 'unknown' | 'failed';

/** What somebody needs to register, kept fresh. */
export class Registration {
  readonly #path: string;
  #info = $state.raw<Info | null>(null);
  #state = $state<Lookup>('loading');
  #failure = $state.raw<unknown>(null);
  #stale = $state(false);

  constructor(conference: string) {
    this.#path = `/api/v1/conferences/${encodeURIComponent(conference)}/registration`;
  }

  get info(): Info | null {
    return this.#info;
  }

  get state(): Lookup {
    return this.#state;
  }

  get failure(): unknown {
    return this.#failure;
  }

  /** The last look failed: what is shown may be old. */
  get stale(): boolean {
    return this.#stale;
  }

  async load(): Promise<void> {
    if (!this.#info) this.#state = 'loading';
    try {
      this.#info = await call<Info>('GET', this.#path);
      this.#state = 'there';
      this.#stale = false;
    } catch (error) {
      this.#stale = true;
      const code = error instanceof ProblemError ? error.problem.code : '';
      if (code === 'registration.closed') this.#state = 'off';
      else if (code === 'conference.unknown') this.#state = 'unknown';
      else if (!this.#info) this.#state = 'failed';
      this.#failure = error;
    }
  }

  /** Looks again while the page is seen, and as the network comes back; returns how to stop. */
  follow(): () => void {
    const look = () => {
      if (document.visibilityState === 'visible') void this.load();
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
}
