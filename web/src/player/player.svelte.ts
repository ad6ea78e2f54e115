// The public player's state: a WhepClient and the numbers shown of it.

import { WhepClient, type WhepPhase } from '../media/whep';

/** Player plays a conference's programme. */
export class PlayerState {
  readonly #client: WhepClient;
  #phase = $state<WhepPhase>('idle');
  #stream = $state.raw<MediaStream | undefined>(undefined);
  #retryAt = $state(0);
  #frames = $state(0);
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(conference: string) {
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

  /** tryNow ends a wait. */
  tryNow(): void {
    this.#client.nudge();
  }

  #copy(): void {
    this.#phase = this.#client.phase;
    this.#stream = this.#client.stream;
    this.#retryAt = this.#client.retryAt;
  }

  async #read(): Promise<void> {
    const stats = await this.#client.stats();
    this.#frames = stats?.slots.find((s) => s.media === 'video')?.framesDecoded ?? 0;
  }
}
