import { language } from '../i18n/language.svelte';
import type { Role, ServerMessage, Slot, Slots, Standing, Welcome } from '../wire/wire.gen';
import { fromSnapshot, recount, reduce } from './reduce';
import type { View } from './reduce';
import { Socket } from './socket.svelte';

/** Which conference a page follows, and as whom. */
export interface LivePlace {
  conference: string;
  role?: Role;
  venue?: string | undefined;
  /** Gets every message before the view does. */
  onMessage?: (message: ServerMessage) => void;
}

/** The running conference as a page sees it: the view, who we are, and the socket. */
export class Live {
  readonly socket: Socket;
  /** What the media session is got back with; it stays in this page's memory. */
  mediaToken = '';
  #view = $state.raw<View | null>(null);
  #welcome = $state.raw<Welcome | null>(null);
  #standings = $state.raw<ReadonlyMap<string, Standing>>(new Map());
  #slots = $state.raw<Slots>({ slots: [] });
  #skewMs = 0;

  constructor(place: LivePlace) {
    this.socket = new Socket({
      ...place,
      lang: () => language.code,
      mediaToken: () => this.mediaToken,
      onMessage: (message) => {
        place.onMessage?.(message);
        this.#take(message);
      },
    });
  }

  /** What the role may see; null until the first snapshot. */
  get view(): View | null {
    return this.#view;
  }

  /** Who the server says we are; null before the first welcome. */
  get welcome(): Welcome | null {
    return this.#welcome;
  }

  /** Where the followed questions stand, by tracking code. */
  get standings(): ReadonlyMap<string, Standing> {
    return this.#standings;
  }

  /** What the page's media slots show now. */
  get slots(): readonly Slot[] {
    return this.#slots.slots;
  }

  /** The layers of the page's camera that somebody needs, by rid; undefined: all. */
  get send(): readonly string[] | undefined {
    return this.#slots.send;
  }

  /** How the page's media session ended; undefined while it goes on. */
  get mediaEnd(): 'lost' | 'replaced' | undefined {
    if (!this.#slots.ended) return undefined;
    return this.#slots.replaced ? 'replaced' : 'lost';
  }

  /** The server's clock, ms since 1970: for speaking clocks and ages. */
  now(): number {
    return Date.now() + this.#skewMs;
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#welcome = message.welcome;
        this.#skewMs = Date.parse(message.welcome.serverTime) - Date.now();
        return;
      case 'snapshot':
        this.#view = fromSnapshot(message.snapshot);
        return;
      case 'events':
        if (this.#view) this.#view = reduce(this.#view, message.events.events);
        return;
      case 'watermark':
        if (this.#view && message.watermark.votes) this.#view = recount(this.#view, message.watermark.votes);
        return;
      case 'standing':
        this.#standings = new Map(this.#standings).set(message.standing.code, message.standing);
        return;
      case 'slots':
        this.#slots = message.slots;
        return;
      default:
    }
  }
}
