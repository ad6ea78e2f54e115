// The public player's state: a WhepClient, HLS in its place, and the numbers shown of them.

import { WhepClient, type WhepPhase } from '../media/whep';
import { AGAIN_MS, byHls, Pulse, shows, Silence, WHEP_AGAIN_MS, type Shows } from './fallback';
import { HlsSource, hlsWay, type Way } from './hls';
import { offered, type Quality } from './quality';

/** What a PlayerState needs. */
export interface PlayerConfig {
  conference: string;
  /** The server's clock, ms since 1970. */
  now: () => number;
  /** Told how late the picture is, ms; 0 by WebRTC. */
  onBehind: (ms: number) => void;
  /** The recording of a closed conference instead of what is live. */
  recording: boolean;
  way?: Way;
}

/** What HLS is taken to be late where the date of the picture is not told. */
const USUALLY_BEHIND_MS = 6000;

/** PlayerState plays a conference's programme. */
export class PlayerState {
  readonly #config: PlayerConfig;
  readonly #client: WhepClient;
  readonly #folder: string;
  readonly #pulse = new Pulse();
  readonly #silence = new Silence();
  /** Who plays HLS here. */
  readonly way: Way;
  #phase = $state<WhepPhase>('idle');
  #stream = $state.raw<MediaStream | undefined>(undefined);
  #second = $state.raw<MediaStream | undefined>(undefined);
  #retryAt = $state(0);
  #frames = $state(0);
  #byHls = $state(false);
  #quality = $state<Quality>('auto');
  #rolling = $state(false);
  #online = $state(navigator.onLine);
  #sound = $state(true);
  #behind = $state(0);
  #source: HlsSource | undefined;
  #video: HTMLVideoElement | undefined;
  #since = 0;
  #barred = 0;
  /** HLS has played since it was last begun, and whether it asks for no edge. */
  #rolled = false;
  #stays = false;
  #whepAt = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(config: PlayerConfig) {
    const id = encodeURIComponent(config.conference);
    this.#config = config;
    this.#folder = `/live/${id}`;
    this.way = config.way ?? hlsWay();
    this.#client = new WhepClient({ url: `/api/v1/conferences/${id}/whep`, both: true, onChange: () => this.#copy() });
  }

  /** phase is where WebRTC stands. */
  get phase(): WhepPhase {
    return this.#phase;
  }

  /** stream is the programme by WebRTC; undefined before it was first answered. */
  get stream(): MediaStream | undefined {
    return this.#stream;
  }

  /** second is City Hall's picture beside a venue's; undefined by HLS, which has one. */
  get second(): MediaStream | undefined {
    return this.#byHls ? undefined : this.#second;
  }

  /** hls: the programme is played by HLS instead of stream, some seconds late. */
  get hls(): boolean {
    return this.#byHls;
  }

  /** retryAt is when the next try comes, ms since 1970; 0 when none is planned. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** frames is how many pictures were decoded on this connection. */
  get frames(): number {
    return this.#frames;
  }

  /** behind is how late the picture is, ms. */
  get behind(): number {
    return this.#behind;
  }

  /** quality is what the viewer chose. */
  get quality(): Quality {
    return this.#quality;
  }

  /** qualities are what may be chosen; none where there is nothing to choose. */
  get qualities(): readonly Quality[] {
    return offered(this.way === 'library', this.way !== 'none');
  }

  /** sound is on; the browser may have asked for a tap first. */
  get sound(): boolean {
    return this.#sound;
  }

  /** shows says what the viewer sees; closed: the conference has ended. */
  shows(closed: boolean): Shows {
    const playing = this.#byHls ? this.#rolling : this.#phase === 'playing';
    return shows({ phase: this.#phase, hls: this.#byHls, playing, online: this.#online, closed: closed && !this.#config.recording });
  }

  /** watch plays in the element until the returned function is called. */
  watch(video: HTMLVideoElement): () => void {
    this.#video = video;
    const net = (): void => {
      this.#online = navigator.onLine;
      if (this.#online) this.tryNow();
    };
    const leave = (): void => this.#client.stop();
    const back = (event: PageTransitionEvent): void => {
      if (event.persisted && this.#wantsWhep()) this.#client.start();
    };
    window.addEventListener('online', net);
    window.addEventListener('offline', net);
    window.addEventListener('pagehide', leave);
    window.addEventListener('pageshow', back);
    this.#timer = setInterval(() => void this.#read(), 1000);
    if (this.#wantsWhep()) this.#client.start();
    this.#choose();
    return () => {
      window.removeEventListener('online', net);
      window.removeEventListener('offline', net);
      window.removeEventListener('pagehide', leave);
      window.removeEventListener('pageshow', back);
      clearInterval(this.#timer);
      this.#client.stop();
      this.#source?.stop();
      this.#source = undefined;
    };
  }

  /** choose sets the quality; a chosen one is played by HLS, which has the sizes. */
  choose(quality: Quality): void {
    this.#quality = quality;
    if (this.#wantsWhep()) this.#client.start();
    else this.#client.stop();
    this.#source?.choose(quality);
    this.#choose();
    this.#tell();
  }

  /** toggleSound turns it on or off; the tap that does so may also have to begin the picture. */
  toggleSound(): void {
    this.#sound = !this.#sound;
    if (this.#video === undefined) return;
    this.#video.muted = !this.#sound;
    void this.#play(this.#video);
  }

  /** rolls tells that HLS plays, or that it does not go on. */
  rolls(on: boolean): void {
    this.#rolling = on && this.#byHls;
    this.#rolled ||= this.#rolling;
    this.#tell();
  }

  /** tryNow ends a wait. */
  tryNow(): void {
    this.#barred = 0;
    this.#client.nudge();
    this.#choose();
  }

  #wantsWhep(): boolean {
    return this.#quality === 'auto' && this.#whepAt === 0 && !this.#config.recording;
  }

  #copy(): void {
    this.#phase = this.#client.phase;
    this.#stream = this.#client.stream;
    this.#second = this.#client.second;
    this.#retryAt = this.#client.retryAt;
    // Stopped: the page was put away, and what comes back begins anew.
    if (this.#client.phase === 'playing' || this.#client.phase === 'stopped') this.#since = 0;
    else if (this.#since === 0) this.#since = Date.now();
    if (this.#client.phase !== 'playing') this.#pulse.rest();
    this.#choose();
  }

  #choose(): void {
    const video = this.#video;
    if (video === undefined) return;
    const standing = {
      phase: this.#client.phase, since: this.#since, barred: this.#barred, now: Date.now(),
      chosen: this.#quality !== 'auto' || this.#config.recording, given: this.#whepAt !== 0,
    };
    const hls = this.way !== 'none' && byHls(standing);
    if (hls !== (this.#source !== undefined)) this.#switch(video, hls);
    if (hls || this.#stream === undefined || video.srcObject === this.#stream) return;
    video.srcObject = this.#stream;
    void this.#play(video);
  }

  #switch(video: HTMLVideoElement, hls: boolean): void {
    this.#rolling = false;
    this.#rolled = false;
    this.#byHls = hls;
    if (!hls) {
      this.#source?.stop();
      this.#source = undefined;
      return;
    }
    video.srcObject = null;
    const source = new HlsSource(
      { video, folder: this.#folder, way: this.way, recording: this.#config.recording, stays: this.#stays, onFailed: () => this.#failed(source) },
      this.#quality,
    );
    this.#source = source;
    this.#tell();
    void source.start().then(() => this.#play(video));
  }

  /** failed: there was nothing to play by HLS; it is tried again later. */
  #failed(source: HlsSource): void {
    if (this.#source !== source) return;
    this.#source = undefined;
    this.#byHls = false;
    this.#rolling = false;
    this.#barred = Date.now() + AGAIN_MS;
    // An edge that played and died is one of others; one that never did may be out of reach for this page.
    this.#stays = !this.#rolled && !this.#stays;
    // What was chosen may be what there is not.
    this.#choose();
  }

  /** play: the tap that opened the player allows sound; where it does not, the picture plays alone. */
  async #play(video: HTMLVideoElement): Promise<void> {
    try {
      await video.play();
    } catch (error) {
      // A source that failed or was replaced says nothing about sound; the next starts by itself.
      if (!(error instanceof DOMException && error.name === 'NotAllowedError')) return;
      this.#sound = false;
      video.muted = true;
      await video.play().catch(() => undefined);
    }
  }

  async #read(): Promise<void> {
    const now = Date.now();
    if (this.#whepAt !== 0 && now >= this.#whepAt) {
      this.#whepAt = 0;
      if (this.#wantsWhep()) this.#client.start();
    }
    this.#choose();
    this.#tell();
    const stats = await this.#client.stats();
    this.#frames = stats?.slots.find((s) => s.media === 'video')?.framesDecoded ?? 0;
    if (this.#client.phase !== 'playing') return;
    const packets = stats?.slots.reduce((sum, s) => sum + s.packets, 0) ?? 0;
    if (this.#silence.lasts(packets, now)) this.#client.miss();
    if (!this.#pulse.beat(this.#frames, document.visibilityState === 'visible', now) || this.way === 'none') return;
    this.#whepAt = now + WHEP_AGAIN_MS;
    this.#client.stop();
    this.#choose();
  }

  /** tell says how late the picture is; the recording is of another time altogether. */
  #tell(): void {
    if (this.#config.recording) return;
    // Before it plays it tells the date of something else.
    const at = this.#rolling ? this.#source?.playedAt() : undefined;
    if (this.#source === undefined) this.#behind = 0;
    else if (at !== undefined) this.#behind = Math.max(0, this.#config.now() - at);
    else this.#behind = USUALLY_BEHIND_MS;
    this.#config.onBehind(this.#behind);
  }
}
