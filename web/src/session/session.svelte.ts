import { ProblemError } from '../live/problem';
import { call } from '../rest/api';
import type { Role } from '../wire/wire.gen';
import { fragment, readToken, rolePaths } from './token';
import type { LinkGrant } from './token';

/** One session of this browser, as GET /api/v1/session tells it. */
export interface SessionInfo {
  session: string;
  role: Role;
  venue?: string;
  person?: string;
  conference: string;
  demo?: boolean;
  expiresAt: string;
}

/** loading → in | link (a token waits for the button) | none (sign-in page) | error. */
export type DoorState = 'loading' | 'in' | 'link' | 'none' | 'error';

/** What a page that works without the network adds to its door. */
export interface DoorOptions {
  /** Another role whose session opens the page, too. */
  also?: Role;
  /** The session this device was set up with; it opens the page when the server does not answer. */
  kept?: () => Promise<SessionInfo | undefined>;
}

/** Whoever has a kept session does not wait longer for the server. */
const KEPT_AFTER_MS = 1500;

/** The door of a staff page: finds the session, or redeems the link in the fragment. */
export class Door {
  readonly role: Role;
  readonly #options: DoorOptions;
  #state = $state<DoorState>('loading');
  #session = $state.raw<SessionInfo | null>(null);
  #grant = $state.raw<LinkGrant | null>(null);
  #failure = $state.raw<unknown>(null);
  #busy = $state(false);
  #token = '';

  constructor(role: Role, options: DoorOptions = {}) {
    this.role = role;
    this.#options = options;
  }

  get state(): DoorState {
    return this.#state;
  }

  get session(): SessionInfo | null {
    return this.#session;
  }

  /** Whom the waiting link is for; null when its text cannot be read. */
  get grant(): LinkGrant | null {
    return this.#grant;
  }

  /** Why the last try failed. */
  get failure(): unknown {
    return this.#failure;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** Looks at the fragment, then asks the server for this browser's sessions. */
  async arrive(): Promise<void> {
    this.#failure = null;
    this.#token = fragment(location.hash, 't');
    if (this.#token) {
      this.#grant = readToken(this.#token);
      this.#state = 'link';
      return;
    }
    this.#state = 'loading';
    const kept = await this.#options.kept?.();
    try {
      this.#session = this.#choose(await this.#list(kept && KEPT_AFTER_MS), fragment(location.hash, 'v')) ?? kept ?? null;
      this.#state = this.#session ? 'in' : 'none';
    } catch (error) {
      this.#session = kept ?? null;
      this.#failure = error;
      this.#state = kept ? 'in' : 'error';
    }
  }

  /** Redeems the link; the fragment is cleared, so that the token stays in no history. */
  async enter(): Promise<void> {
    this.#busy = true;
    this.#failure = null;
    try {
      await call('POST', '/api/v1/session', { token: this.#token });
      const grant = this.#grant;
      const venue = grant?.venue ? `#v=${encodeURIComponent(grant.venue)}` : '';
      if (grant && grant.role !== this.role && grant.role !== this.#options.also) {
        location.replace(`${rolePaths[grant.role] ?? '/'}${venue}`);
        return;
      }
      history.replaceState(null, '', `${location.pathname}${venue}`);
      await this.arrive();
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#busy = false;
    }
  }

  async #list(withinMs?: number): Promise<SessionInfo[]> {
    try {
      return await call<SessionInfo[]>('GET', '/api/v1/session', undefined, withinMs);
    } catch (error) {
      if (error instanceof ProblemError && error.problem.kind === 'unauthorised') return [];
      throw error;
    }
  }

  #choose(sessions: SessionInfo[], venue: string): SessionInfo | null {
    const own = sessions.filter((session) => session.role === this.role);
    const mine = own.length > 0 ? own : sessions.filter((session) => session.role === this.#options.also && session.conference);
    const named = venue ? mine.filter((session) => session.venue === venue) : mine;
    return named[0] ?? null;
  }
}
