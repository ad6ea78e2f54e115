// When the player shows the programme by HLS, some seconds late, instead of by WebRTC.

import type { WhepPhase } from '../media/whep';

/** Milliseconds without a picture after which HLS is tried: a WebRTC connection that is to stand has stood. */
export const PATIENCE_MS = 10_000;
/** Milliseconds after which HLS is tried again when it had nothing. */
export const AGAIN_MS = 5_000;

/** Standing is what the choice is made from; times are ms since 1970. */
export interface Standing {
  phase: WhepPhase;
  /** since when there has been no picture by WebRTC; 0 while there is one. */
  since: number;
  /** until when HLS is not tried, since it failed. */
  barred: number;
  now: number;
}

/**
 * byHls reports whether the programme is to be shown by HLS now: at once where WebRTC was
 * refused for want of a place or of the codec, after a while where it does not come.
 */
export function byHls(s: Standing): boolean {
  if (s.now < s.barred) return false;
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

/** playsHls reports whether the browser plays HLS by itself: Safari, and Chrome and Edge from 142 on. */
export function playsHls(): boolean {
  return document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== '';
}
