// The public player's state: a WhepClient, the numbers shown of it, and HLS in its place.

import { WhepClient, type WhepPhase } from '../media/whep';
import { AGAIN_MS, byHls, playsHls } from './fallback';

/** Player plays a conference's programme. */
export class PlayerState {
  readonly #client: WhepClient;
  #phase = $state<WhepPhase>('idle');
  #stream = $state.raw<MediaStream | undefined>(undefined);
  #retryAt = $state(0);
  #frames = $state(0);
  #hls = $state('');
  #since = 0;
  #barred = 0;
  readonly #address: string;
  readonly #canHls: boolean;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(conference: string, canHls = playsHls()) {
    this.#address = `/live/${encodeURIComponent(conference)}/index.m3u8`;
    this.#canHls = canHls;
    this.#client = new WhepClient({
      url: `/api/v1/conferences/${encodeURIComponent(conference)}/whep`,
      onChange: () => this.#copy(),
    });
  }

  /** phase is where the player stands. */
  get phase(): WhepPhase {
    return this.#phase;
  }

  /** stream is the programme; undefined before it was first answered. */
  get stream(): MediaStream | undefined {
    return this.#stream;
  }

  /** hls is the address the programme is played from instead of stream, some seconds late; '' while it is not. */
  get hls(): string {
    return this.#hls;
  }

  /** retryAt is when the next try comes, ms since 1970; 0 when none is planned. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** frames is how many pictures were decoded on this connection. */
  get frames(): number {
    return this.#frames;
  }

  /** watch plays until the returned function is called. */
  watch(): () => void {
    const nudge = (): void => this.#client.nudge();
    const leave = (): void => this.#client.stop();
    const back = (event: PageTransitionEvent): void => {
      if (event.persisted) this.#client.start();
    };
    window.addEventListener('online', nudge);
    window.addEventListener('pagehide', leave);
    window.addEventListener('pageshow', back);
    this.#timer = setInterval(() => void this.#read(), 1000);
    this.#client.start();
    return () => {
      window.removeEventListener('online', nudge);
      window.removeEventListener('pagehide', leave);
      window.removeEventListener('pageshow', back);
      clearInterval(this.#timer);
      this.#client.stop();
    };
  }

  /** hlsFailed tells that there was nothing to play at hls; it is tried again later. */
  hlsFailed(): void {
    this.#barred = Date.now() + AGAIN_MS;
    this.#choose();
  }

  /** tryNow ends a wait. */
  tryNow(): void {
    this.#client.nudge();
  }

  #copy(): void {
    this.#phase = this.#client.phase;
    this.#stream = this.#client.stream;
    this.#retryAt = this.#client.retryAt;
    // Stopped: the page was put away, and what comes back begins anew.
    if (this.#client.phase === 'playing' || this.#client.phase === 'stopped') this.#since = 0;
    else if (this.#since === 0) this.#since = Date.now();
    this.#choose();
  }

  // It reads nothing reactive: whoever calls watch in an effect would watch anew at every change.
  #choose(): void {
    if (!this.#canHls) return;
    const standing = { phase: this.#client.phase, since: this.#since, barred: this.#barred, now: Date.now() };
    this.#hls = byHls(standing) ? this.#address : '';
  }

  async #read(): Promise<void> {
    this.#choose();
    const stats = await this.#client.stats();
    this.#frames = stats?.slots.find((s) => s.media === 'video')?.framesDecoded ?? 0;
  }
}
