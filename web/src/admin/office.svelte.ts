import { call } from '../rest/api';
import type { SessionInfo } from '../session/session.svelte';
import type { Role } from '../wire/wire.gen';

/** One row of GET …/sessions. */
export interface SessionRow extends SessionInfo {
  createdAt: string;
}

/** How many people of a venue ("" online): one row of GET …/registrations/counts. */
export interface CountRow {
  venue: string;
  seats: number;
  checkedIn: number;
  /** Who had a seat before the day, and came; whose ticket no door has looked at; who came without. */
  invited: number;
  came: number;
  unseen: number;
  walkIns: number;
}

/** A new link, as POST …/links answers. */
export interface MadeLink {
  role: Role;
  venue?: string;
  url: string;
  expires: string;
}

/** What is asked for with a new link. */
export interface LinkWish {
  role: Role;
  venue?: string;
  person?: string;
  validMs: number;
}

/** The answer of /readyz; `why` names the parts that are not well. */
export interface Health {
  status: string;
  why?: Record<string, string>;
}

/** The administrator's REST: sessions, links, health. */
export class OfficeData {
  readonly #base: string;
  #sessions = $state.raw<readonly SessionRow[] | null>(null);
  #failure = $state.raw<unknown>(null);
  #counts = $state.raw<readonly CountRow[] | null>(null);
  #countsFailure = $state.raw<unknown>(null);
  #health = $state.raw<Health | null>(null);

  constructor(conference: string) {
    this.#base = `/api/v1/conferences/${encodeURIComponent(conference)}`;
  }

  get sessions(): readonly SessionRow[] | null {
    return this.#sessions;
  }

  get failure(): unknown {
    return this.#failure;
  }

  get counts(): readonly CountRow[] | null {
    return this.#counts;
  }

  get countsFailure(): unknown {
    return this.#countsFailure;
  }

  /** Null while the server could not be asked. */
  get health(): Health | null {
    return this.#health;
  }

  async load(): Promise<void> {
    try {
      this.#sessions = await call<SessionRow[]>('GET', `${this.#base}/sessions`);
      this.#failure = null;
    } catch (error) {
      this.#failure = error;
    }
  }

  async count(): Promise<void> {
    try {
      this.#counts = await call<CountRow[]>('GET', `${this.#base}/registrations/counts`);
      this.#countsFailure = null;
    } catch (error) {
      this.#countsFailure = error;
    }
  }

  async revoke(session: string): Promise<void> {
    await call('POST', `${this.#base}/revoke`, { session });
    await this.load();
  }

  link(wish: LinkWish): Promise<MadeLink> {
    return call<MadeLink>('POST', `${this.#base}/links`, wish);
  }

  /** A 503 of /readyz is an answer too: it says why. */
  async checkHealth(): Promise<void> {
    try {
      const response = await fetch('/readyz', { cache: 'no-store', signal: AbortSignal.timeout(5_000) });
      this.#health = (await response.json()) as Health;
    } catch {
      this.#health = null;
    }
  }
}
