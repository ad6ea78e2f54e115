// The media of a page: a Link on the page's socket, with what the page shows of it.

import { ProblemError } from '../live/problem';
import type { Live } from '../live/live.svelte';
import { Link, windowClock, type MediaAnswer, type SendTracks } from './link';
import { Looks } from './looks';
import type { Phase } from './recovery';
import type { ReceiveSlot, SlotPlan } from './slots';
import { compare, type LineReport, type LinkStats } from './stats';

/** Seconds between the two readings a line report is made of. */
const WINDOW = 5;

/** An answer to an offer takes the server a few milliseconds; after this the line is suspect. */
const ANSWER_MS = 3_000;

function isReplaced(problem: unknown): boolean {
  return problem instanceof ProblemError && problem.problem.code === 'media.replaced';
}

/** Media keeps a page's media connection on its socket and its numbers up to date. */
export class Media {
  readonly #live: Live;
  readonly #link: Link;
  #phase = $state<Phase>('idle');
  #joins = $state(0);
  #problem = $state.raw<unknown>(undefined);
  #slots = $state.raw<readonly ReceiveSlot[]>([]);
  #frames = $state.raw<Readonly<Record<string, number>>>({});
  #line = $state.raw<LineReport | undefined>(undefined);
  #layers = $state.raw<readonly string[]>([]);
  #readings: LinkStats[] = [];
  readonly #looks: Looks;
  #send: SendTracks | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(live: Live, plan: SlotPlan) {
    this.#live = live;
    const ask = async (name: 'media.join' | 'media.restart', sdp: string): Promise<MediaAnswer> => {
      // An offer is never repeated by the socket: it would be stale. The Link makes a new one.
      // Media that must be restarted and a server that does not answer: the socket hangs on
      // the same dead line, and does not know it yet.
      const late = setTimeout(() => live.socket.suspect(), ANSWER_MS);
      try {
        const mediaToken = name === 'media.join' ? live.mediaToken : '';
        const data = mediaToken === '' ? { sdp } : { sdp, mediaToken };
        const ok = await live.socket.command(name, data, { again: false });
        if (ok.mediaToken) live.mediaToken = ok.mediaToken;
        return { sdp: ok.sdp ?? '', relays: ok.iceServers ?? [] };
      } finally {
        clearTimeout(late);
      }
    };
    this.#looks = new Looks((slots) => {
      // Best effort: what is lost is told again with the next connection.
      live.socket.command('media.look', { slots }, { again: false }).catch(() => undefined);
    }, windowClock);
    this.#link = new Link({
      signal: {
        online: () => live.socket.state === 'online',
        join: (sdp) => ask('media.join', sdp),
        restart: (sdp) => ask('media.restart', sdp),
      },
      plan,
      onChange: () => {
        // Two pages of one hall that both come back would take the place from each other.
        if (isReplaced(this.#link.problem) && this.#link.phase !== 'stopped') this.#link.stop();
        this.#copy();
      },
    });
  }

  /** phase is where the connection stands. */
  get phase(): Phase {
    return this.#phase;
  }

  /** joins counts the connections made; a new one knows nothing of earlier wishes. */
  get joins(): number {
    return this.#joins;
  }

  /** problem is the last refusal of the server; undefined when none. */
  get problem(): unknown {
    return this.#problem;
  }

  /** slots are the receive lines with what they show now. */
  get slots(): readonly ReceiveSlot[] {
    return this.#slots;
  }

  /** line is the line over the last seconds; undefined until there are two readings. */
  get line(): LineReport | undefined {
    return this.#line;
  }

  /** layers are the sent layers that grow, by rid ("" for a single one). */
  get layers(): readonly string[] {
    return this.#layers;
  }

  /** frames is how many pictures a slot has decoded. */
  frames(mid: string | undefined): number {
    return mid === undefined ? 0 : (this.#frames[mid] ?? 0);
  }

  /** of finds the first slot of a kind (and venue). */
  of(media: 'audio' | 'video', kind: ReceiveSlot['kind'], venue?: string): ReceiveSlot | undefined {
    return this.#slots.find(
      (s) => s.media === media && s.kind === kind && (venue === undefined || s.venue === venue),
    );
  }

  /** look tells the server how large a slot is shown, in CSS pixels; 0: not at all. */
  look(mid: string | undefined, height: number): void {
    if (mid !== undefined) this.#looks.show(mid, height * window.devicePixelRatio);
  }

  /** lookAtProgramme is look for the programme, which is wanted whole or not at all. */
  lookAtProgramme(mid: string | undefined, height: number): void {
    this.look(mid, height > 0 ? Math.max(height, 720) : 0);
  }

  /** start joins, once; call it again after stop. */
  start(send?: SendTracks): void {
    if (this.#stopWatching !== undefined) return;
    this.#stopWatching = this.#watch();
    this.#timer = setInterval(() => void this.#read(), 1000);
    this.#send = send;
    this.#link.start(send);
  }

  /** replaced: another page of the venue took the place; only the operator takes it back. */
  get replaced(): boolean {
    if (this.#phase !== 'stopped') return false;
    return this.#live.mediaEnd === 'replaced' || isReplaced(this.#problem);
  }

  /** resume takes the place back that another page of the venue took. */
  resume(): void {
    this.#live.mediaToken = '';
    this.#link.start(this.#send);
  }

  /** replace changes camera or microphone. */
  async replace(send: SendTracks): Promise<void> {
    this.#send = send;
    await this.#link.replaceTracks(send);
  }

  /** talk sends a microphone by the line that was offered for talkback, or nothing any more. */
  async talk(track: MediaStreamTrack | undefined): Promise<void> {
    await this.#link.talk(track);
  }

  /** stop leaves, and tells the server so. */
  stop(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    clearInterval(this.#timer);
    this.#link.stop();
    this.#live.mediaToken = '';
    this.#readings = [];
    this.#line = undefined;
    // If this is lost the server notices by itself that nothing comes any more.
    this.#live.socket.command('media.leave', {}, { again: false }).catch(() => undefined);
  }

  #copy(): void {
    this.#phase = this.#link.phase;
    this.#joins = this.#link.joins;
    this.#problem = this.#link.problem;
    this.#slots = this.#link.slots;
  }

  /** Follows the socket: slots, its return, a new server. */
  #watch(): () => void {
    const nudge = (): void => this.#link.nudge();
    window.addEventListener('online', nudge);
    const stopEffects = $effect.root(() => {
      $effect(() => this.#link.setSlots(this.#live.slots));
      $effect(() => this.#link.setSend(this.#live.send));
      $effect(() => {
        if (this.#phase === 'connected') this.#looks.again();
      });
      $effect(() => {
        const end = this.#live.mediaEnd;
        if (end === 'lost') this.#link.gone();
        if (end === 'replaced') this.#link.stop();
      });
      $effect(() => {
        if (this.#live.socket.state === 'online') this.#link.nudge();
      });
      $effect(() => {
        const welcome = this.#live.welcome;
        // Nobody there knows our connection: it was away for too long, or the server is new.
        if (welcome !== null && !welcome.media && this.#live.mediaToken !== '') this.#link.gone();
      });
    });
    return () => {
      window.removeEventListener('online', nudge);
      stopEffects();
    };
  }

  async #read(): Promise<void> {
    const now = await this.#link.stats();
    if (now === undefined) {
      this.#readings = [];
      this.#line = undefined;
      return;
    }
    const frames: Record<string, number> = {};
    for (const slot of now.slots) {
      if (slot.media === 'video') frames[slot.mid] = slot.framesDecoded;
    }
    this.#frames = frames;
    const before = this.#readings.at(-1);
    this.#layers = now.layers
      .filter((l) => l.bytes > (before?.layers.find((b) => b.rid === l.rid)?.bytes ?? 0))
      .map((l) => l.rid);
    this.#readings = [...this.#readings, now].slice(-WINDOW - 1);
    const first = this.#readings[0];
    const programme = this.of('video', 'programme')?.mid;
    this.#line = first === undefined ? undefined : compare(first, now, programme);
  }
}
