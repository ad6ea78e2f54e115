// HLS in a video element: hls.js, fetched when it is wanted, or the browser itself.
//
// Apple's browsers play it by themselves, and tell the date of a picture. Chromium's own
// player (from 142 on) does not: what is said beside the picture could not keep step with
// it, and there would be no sizes to choose from. So it is the last resort.

import type Hls from 'hls.js';
import { addressOf, levelOf, type Quality } from './quality';

/** Way is who plays HLS here. */
export type Way = 'library' | 'native' | 'none';

/**
 * Seconds behind what the playlist ends with: the length of one segment more than the longest
 * there is. A playlist that has parts says itself how far a player stays behind (LL-HLS).
 */
const SYNC_S = 4.5;
/** Seconds behind beyond which the player jumps instead of catching up. */
const JUMP_S = 9;
/** How much faster it plays to catch up; the voice keeps its pitch. */
const CATCH_UP = 1.1;
/** Milliseconds within which a second broken picture is a failure. */
const RECOVER_MS = 5000;

interface Dated extends HTMLVideoElement {
  /** WebKit only: the date of the beginning of the timeline. */
  getStartDate(): Date;
}

const dated = (video: HTMLVideoElement): video is Dated => 'getStartDate' in video;

/** hlsWay says who would play HLS. */
export function hlsWay(): Way {
  const video = document.createElement('video');
  const native = video.canPlayType('application/vnd.apple.mpegurl') !== '';
  if (native && dated(video)) return 'native';
  if (typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported('video/mp4; codecs="avc1.42e01f"')) return 'library';
  return native ? 'native' : 'none';
}

/** HlsConfig is what an HlsSource needs. */
export interface HlsConfig {
  video: HTMLVideoElement;
  /** /live/{conference} */
  folder: string;
  way: Way;
  /** The whole from its beginning, not what is live. */
  recording: boolean;
  /** Be sent to no edge: the last one was of no use. */
  stays: boolean;
  onFailed: () => void;
  load?: () => Promise<typeof Hls>;
}

const library = async (): Promise<typeof Hls> => (await import('hls.js')).default;

/** HlsSource plays until it is stopped; it is used once. */
export class HlsSource {
  readonly #config: HlsConfig;
  readonly #failed = (): void => this.#fail();
  #quality: Quality;
  #hls: Hls | undefined;
  #stopped = false;
  #recovered = 0;

  constructor(config: HlsConfig, quality: Quality) {
    this.#config = config;
    this.#quality = quality;
  }

  /** start begins to play; a failure is told by onFailed, once. */
  async start(): Promise<void> {
    const { video, way, load = library } = this.#config;
    if (way === 'native') {
      video.addEventListener('error', this.#failed);
      video.src = this.#address();
      return;
    }
    try {
      const Library = await load();
      if (!this.#stopped) this.#open(Library);
    } catch {
      this.#fail();
    }
  }

  /** stop leaves the element empty. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const { video } = this.#config;
    video.removeEventListener('error', this.#failed);
    this.#hls?.destroy();
    this.#hls = undefined;
    if (!video.hasAttribute('src')) return;
    video.removeAttribute('src');
    video.load();
  }

  /** choose changes the quality without a pause where that can be. */
  choose(quality: Quality): void {
    const before = addressOf('', this.#quality);
    this.#quality = quality;
    const after = addressOf('', quality);
    if (this.#hls === undefined) {
      if (this.#config.way === 'native' && before !== after) this.#config.video.src = this.#address();
      return;
    }
    if (before === after) this.#hls.nextLevel = levelOf(quality, this.#hls.levels.length);
    else this.#hls.loadSource(this.#address());
  }

  /** playedAt is when what is seen now was captured, ms since 1970 by the server's clock; undefined: not known. */
  playedAt(): number | undefined {
    const { video } = this.#config;
    const date = this.#hls?.playingDate ?? undefined;
    if (date !== undefined) return date.getTime();
    if (this.#config.way !== 'native' || !dated(video)) return undefined;
    const began = video.getStartDate().getTime();
    return Number.isNaN(began) ? undefined : began + video.currentTime * 1000;
  }

  #address(): string {
    return addressOf(this.#config.folder, this.#quality, this.#config.stays);
  }

  #open(Library: typeof Hls): void {
    const { video, recording } = this.#config;
    const hls = new Library({
      // A worker made of text is against the page's content policy, and nothing here is transmuxed.
      enableWorker: false,
      lowLatencyMode: true,
      maxLiveSyncPlaybackRate: CATCH_UP,
      backBufferLength: recording ? 60 : 10,
      maxBufferLength: 30,
      capLevelToPlayerSize: true,
      startPosition: recording ? 0 : -1,
    });
    // Told to the constructor they would count for more than what a playlist says.
    hls.config.liveSyncDuration = SYNC_S;
    hls.config.liveMaxLatencyDuration = JUMP_S;
    this.#hls = hls;
    hls.on(Library.Events.MANIFEST_PARSED, () => {
      const level = levelOf(this.#quality, hls.levels.length);
      if (level >= 0) hls.currentLevel = level;
    });
    hls.on(Library.Events.ERROR, (_, data) => {
      if (!data.fatal) return;
      const now = Date.now();
      if (data.type === Library.ErrorTypes.MEDIA_ERROR && now - this.#recovered > RECOVER_MS) {
        this.#recovered = now;
        hls.recoverMediaError();
        return;
      }
      this.#fail();
    });
    hls.loadSource(this.#address());
    hls.attachMedia(video);
  }

  #fail(): void {
    if (this.#stopped) return;
    this.stop();
    this.#config.onFailed();
  }
}
