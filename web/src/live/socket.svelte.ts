import {
  CloseRateLimited,
  CloseResync,
  Subprotocol,
  Version,
  WatermarkEveryMs,
} from '../wire/wire.gen';
import type {
  ClientMessage,
  CommandName,
  Commands,
  Hello,
  Lang,
  OK,
  Role,
  ServerMessage,
} from '../wire/wire.gen';
import { backoff } from './backoff';
import { Calls } from './calls';
import { randomId } from './id';

/** How the page stands to the server; "ended" does not come back by itself. */
export type LinkState = 'connecting' | 'online' | 'reconnecting' | 'offline' | 'ended';

/** The part of a WebSocket that is used; tests put a fake in its place. */
export interface Wire {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface SocketOptions {
  conference: string;
  /** Absent: citizen. */
  role?: Role;
  venue?: string | undefined;
  lang: () => Lang;
  /** What the page gets its media session back with; empty: it has none. */
  mediaToken?: () => string;
  /** Gets every message that is in order; never one after a gap. */
  onMessage: (message: ServerMessage) => void;
  /** Opens a connection; the browser's WebSocket unless a test says otherwise. */
  open?: (url: string, protocol: string) => Wire;
  random?: () => number;
}

/** No message for this long, though a watermark was due three times: the line is dead. */
const SILENCE_MS = 3 * WatermarkEveryMs + 3_000;
/** After the network came back a live connection shows itself within this long. */
const WAKE_MS = WatermarkEveryMs + 2_000;
/**
 * For pages that carry a hall's picture: how long an attempt may take until its welcome, and
 * the longest back-off. A line that was down for a minute must not be waited for after it is
 * back. Every fourth attempt has all the time there is, for lines that are merely slow.
 */
const OPEN_MS = 5_000;
const EAGER_BACKOFF_MS = 1_500;
/** A command of the media without an answer for this long, and nothing else heard. */
const SUSPECT_MS = 3_000;
/** A connection that held this long starts the back-off anew. */
const STEADY_MS = 10_000;
const RATE_LIMITED_MS = 10_000;
const END_FROM = 4500;
const END_TO = 4999;

function address(conference: string): string {
  const url = new URL(`/api/v1/conferences/${encodeURIComponent(conference)}/socket`, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}

function browserWire(url: string, protocol: string): Wire {
  const socket = new WebSocket(url, protocol);
  const wire: Wire = {
    onopen: null,
    onmessage: null,
    onclose: null,
    send: (text) => socket.send(text),
    close: (code) => socket.close(code),
  };
  socket.onopen = () => wire.onopen?.();
  socket.onmessage = (event) => wire.onmessage?.(event);
  socket.onclose = (event) => wire.onclose?.(event);
  return wire;
}

/**
 * One page's connection to a conference. It says hello, resumes at its cursor, notices
 * gaps, comes back with a back-off, and sends unanswered commands again.
 */
export class Socket {
  readonly #options: SocketOptions;
  readonly #calls: Calls;
  readonly #follows = new Set<string>();
  #state = $state<LinkState>('connecting');
  #endedBy = $state(0);
  #wire: Wire | null = null;
  #cursor = '';
  #welcomed = false;
  #awaitingSnapshot = false;
  #attempt = 0;
  #heardAt = 0;
  #retryAfterMs = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #steady: ReturnType<typeof setTimeout> | undefined;
  #stopped = true;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#calls = new Calls((id, name, data) => this.#send({ type: 'command', id, name, data }));
  }

  get state(): LinkState {
    return this.#state;
  }

  /** The close code that ended the connection for good; 0 while it has not ended. */
  get endedBy(): number {
    return this.#endedBy;
  }

  /** How many commands have no answer yet. */
  get waiting(): number {
    return this.#calls.waiting;
  }

  /** Connects, and stays connected until stop. */
  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    globalThis.addEventListener?.('online', this.#wake);
    globalThis.addEventListener?.('offline', this.#sleep);
    globalThis.addEventListener?.('pageshow', this.#wake);
    this.#connect();
  }

  /** Closes for good; commands that wait fail. */
  stop(): void {
    this.#stopped = true;
    globalThis.removeEventListener?.('online', this.#wake);
    globalThis.removeEventListener?.('offline', this.#sleep);
    globalThis.removeEventListener?.('pageshow', this.#wake);
    this.#drop();
    this.#calls.end();
  }

  /**
   * Sends a command and waits for its durable result; a lost connection does not matter,
   * it is sent again with the same id. With `again: false` (SDP offers) it is sent once.
   */
  command<N extends CommandName>(
    name: N,
    data: Commands[N],
    { again = true, id = randomId() }: { again?: boolean; id?: string } = {},
  ): Promise<OK> {
    return this.#calls.add(id, name, data, again);
  }

  /** Asks for the standing of a tracking code, now and after each change. */
  follow(code: string): void {
    if (this.#follows.has(code)) return;
    this.#follows.add(code);
    if (this.#welcomed) this.#send({ type: 'follow', code });
  }

  unfollow(code: string): void {
    if (!this.#follows.delete(code)) return;
    if (this.#welcomed) this.#send({ type: 'unfollow', code });
  }

  /**
   * Tells that the page's media has gone silent and the server does not answer either: a
   * connection that brought nothing for three seconds is made anew at once.
   */
  suspect(): void {
    if (!this.#welcomed || Date.now() - this.#heardAt < SUSPECT_MS) return;
    this.#attempt = 0;
    this.#comeBack();
  }

  readonly #wake = (): void => {
    if (this.#stopped || this.#state === 'ended') return;
    if (this.#wire) {
      // The old connection may have survived: the next watermark will tell.
      if (this.#state === 'offline') this.#listen(WAKE_MS);
      return;
    }
    clearTimeout(this.#retry);
    this.#attempt = 0;
    this.#connect();
  };

  readonly #sleep = (): void => {
    // The browser may be wrong about being offline, so the connection is left to die by
    // itself; the next message takes the word back.
    if (this.#state !== 'ended') this.#state = 'offline';
  };

  #connect(): void {
    const { conference, open = browserWire } = this.#options;
    this.#retryAfterMs = 0;
    const wire = open(address(conference), Subprotocol);
    this.#wire = wire;
    wire.onopen = () => this.#hello();
    wire.onmessage = (event) => {
      if (this.#wire === wire && typeof event.data === 'string') this.#receive(event.data);
    };
    wire.onclose = (event) => {
      if (this.#wire === wire) this.#closed(event.code);
    };
    this.#listen(this.#eager && this.#attempt % 4 !== 0 ? OPEN_MS : SILENCE_MS);
  }

  get #eager(): boolean {
    return this.#options.role === 'venue' || this.#options.role === 'stage';
  }

  #hello(): void {
    const { role, venue, lang, mediaToken } = this.#options;
    const hello: Hello = { protocols: [Version], lang: lang() };
    if (role) hello.role = role;
    if (venue) hello.venue = venue;
    if (this.#cursor) hello.cursor = this.#cursor;
    const token = mediaToken?.();
    if (token) hello.mediaToken = token;
    this.#send({ type: 'hello', hello });
  }

  #send(message: ClientMessage): void {
    this.#wire?.send(JSON.stringify(message));
  }

  /** Starts the watch for silence anew. */
  #listen(withinMs = SILENCE_MS): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#comeBack(), withinMs);
  }

  #receive(text: string): void {
    this.#listen();
    this.#heardAt = Date.now();
    if (this.#state === 'offline' && this.#welcomed && !this.#awaitingSnapshot) this.#state = 'online';
    const message = JSON.parse(text) as ServerMessage;
    switch (message.type) {
      case 'welcome':
        this.#awaitingSnapshot = !message.welcome.resumed;
        this.#options.onMessage(message);
        this.#ready();
        return;
      case 'snapshot':
        this.#awaitingSnapshot = false;
        this.#cursor = message.snapshot.cursor;
        this.#state = 'online';
        break;
      case 'events':
        if (!this.#inOrder(message.events.prev)) return;
        this.#cursor = message.events.cursor;
        break;
      case 'watermark':
        if (!this.#inOrder(message.watermark.prev)) return;
        this.#cursor = message.watermark.cursor;
        break;
      case 'reply':
        this.#calls.answer(message.reply);
        return;
      case 'bye':
        this.#retryAfterMs = message.bye.retryAfterMs ?? 0;
        break;
    }
    this.#options.onMessage(message);
  }

  #ready(): void {
    this.#welcomed = true;
    if (!this.#awaitingSnapshot) this.#state = 'online';
    clearTimeout(this.#steady);
    this.#steady = setTimeout(() => (this.#attempt = 0), STEADY_MS);
    for (const code of this.#follows) this.#send({ type: 'follow', code });
    this.#calls.opened();
  }

  /** False when something was missed; then a snapshot is fetched over a new connection. */
  #inOrder(prev: string): boolean {
    if (this.#awaitingSnapshot) return false;
    if (prev === this.#cursor) return true;
    this.#cursor = '';
    this.#comeBack();
    return false;
  }

  #comeBack(): void {
    this.#drop();
    this.#schedule(0);
  }

  /** Lets go of the connection without waiting for its close event. */
  #drop(): void {
    const wire = this.#wire;
    this.#wire = null;
    this.#welcomed = false;
    clearTimeout(this.#silence);
    clearTimeout(this.#steady);
    clearTimeout(this.#retry);
    this.#calls.lost();
    if (!wire) return;
    wire.onopen = null;
    wire.onmessage = null;
    wire.onclose = null;
    wire.close(1000);
  }

  #closed(code: number): void {
    const wait = code === CloseRateLimited ? RATE_LIMITED_MS : this.#retryAfterMs;
    this.#drop();
    if (this.#stopped) return;
    if (code >= END_FROM && code <= END_TO) {
      this.#state = 'ended';
      this.#endedBy = code;
      this.#calls.end();
      return;
    }
    if (code === CloseResync) this.#cursor = '';
    this.#schedule(wait);
  }

  #schedule(atLeastMs: number): void {
    if (this.#stopped) return;
    const offline = globalThis.navigator?.onLine === false;
    this.#state = offline ? 'offline' : 'reconnecting';
    const random = this.#options.random ?? Math.random;
    const wait = atLeastMs + backoff(this.#attempt, random(), this.#eager ? EAGER_BACKOFF_MS : undefined);
    this.#attempt += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), wait);
  }
}
