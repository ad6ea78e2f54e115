// When the player shows the programme by HLS, some seconds late, instead of by WebRTC.

import type { WhepPhase } from '../media/whep';

/** Milliseconds without a picture after which HLS is tried: a WebRTC connection that is to stand has stood. */
export const PATIENCE_MS = 10_000;
/** Milliseconds after which HLS is tried again when it had nothing. */
export const AGAIN_MS = 5_000;
/** Milliseconds after which WebRTC is tried again when it stood and brought no picture. */
export const WHEP_AGAIN_MS = 60_000;

/** Standing is what the choice is made from; times are ms since 1970. */
export interface Standing {
  phase: WhepPhase;
  /** since when there has been no picture by WebRTC; 0 while there is one. */
  since: number;
  /** until when HLS is not tried, since it failed. */
  barred: number;
  /** the viewer chose what only HLS has: a size of the picture, or the sound alone. */
  chosen: boolean;
  /** WebRTC was left because it brought no picture. */
  given: boolean;
  now: number;
}

/**
 * byHls reports whether the programme is to be shown by HLS now: at once where WebRTC was
 * refused for want of a place or of the codec, after a while where it does not come.
 */
export function byHls(s: Standing): boolean {
  if (s.now < s.barred) return false;
  if (s.chosen || s.given) return true;
  switch (s.phase) {
    case 'full':
    case 'no_h264':
      return true;
    case 'joining':
    case 'reconnecting':
      return s.since > 0 && s.now - s.since >= PATIENCE_MS;
    case 'idle':
    case 'playing':
    case 'closed':
    case 'stopped':
      return false;
  }
}

/**
 * Pulse notices a connection that stands and brings no picture. The programme never stands
 * still: where nobody is live there is the slate.
 */
export class Pulse {
  #frames = -1;
  #since = 0;

  /** beat takes how many pictures were decoded so far; it reports whether none came for too long. */
  beat(frames: number, looking: boolean, now: number): boolean {
    // Pictures nobody looks at need not be decoded.
    if (frames !== this.#frames || !looking) {
      this.#frames = frames;
      this.#since = now;
    }
    return now - this.#since >= PATIENCE_MS;
  }

  /** rest forgets what was counted: another connection begins. */
  rest(): void {
    this.#frames = -1;
  }
}

/** Milliseconds without a packet after which a server is missed: the programme's sound never pauses. */
export const SILENT_MS = 2_500;

/** Silence notices a connection that brings nothing at all, before the browser does. */
export class Silence {
  #packets = -1;
  #since = 0;

  /** lasts takes how many packets came so far; it reports whether none did for long. */
  lasts(packets: number, now: number): boolean {
    if (packets !== this.#packets) {
      this.#packets = packets;
      this.#since = now;
    }
    return now - this.#since >= SILENT_MS;
  }
}

/** Shows is what the player has to show, or to say instead. */
export type Shows = 'picture' | 'loading' | 'waiting' | 'offline' | 'reconnecting' | 'full' | 'no_h264' | 'ended';

/** What is known about the picture. */
export interface Sight {
  phase: WhepPhase;
  /** HLS is to play. */
  hls: boolean;
  /** A picture or the sound is on. */
  playing: boolean;
  online: boolean;
  /** The conference was closed. */
  closed: boolean;
}

/** shows says what the viewer gets to see. */
export function shows(s: Sight): Shows {
  if (s.playing) return 'picture';
  if (s.closed) return 'ended';
  if (!s.online) return 'offline';
  if (s.hls) return 'loading';
  switch (s.phase) {
    case 'closed':
      return 'waiting';
    case 'full':
    case 'no_h264':
    case 'reconnecting':
      return s.phase;
    case 'idle':
    case 'joining':
    case 'playing':
    case 'stopped':
      return 'loading';
  }
}
