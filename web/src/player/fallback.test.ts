import { describe, expect, test } from 'vitest';
import type { WhepPhase } from '../media/whep';
import { AGAIN_MS, byHls, PATIENCE_MS } from './fallback';

const now = 1_666_918_800_000;
const standing = (phase: WhepPhase, waited = 0, barred = 0): boolean =>
  byHls({ phase, since: waited > 0 ? now - waited : 0, barred, now });

describe('the programme by HLS', () => {
  test('at once when there is no place, or no H.264 in WebRTC', () => {
    expect(standing('full')).toBe(true);
    expect(standing('no_h264')).toBe(true);
  });

  test('after a while when the connection does not come or come back', () => {
    for (const phase of ['joining', 'reconnecting'] as const) {
      expect(standing(phase, PATIENCE_MS - 1)).toBe(false);
      expect(standing(phase, PATIENCE_MS)).toBe(true);
      expect(standing(phase)).toBe(false);
    }
  });

  test('not while WebRTC plays, nor when nothing is on air or wanted', () => {
    for (const phase of ['playing', 'closed', 'idle', 'stopped'] as const) expect(standing(phase, 60_000)).toBe(false);
  });

  test('not again at once after it failed', () => {
    expect(standing('full', 0, now + 1)).toBe(false);
    expect(standing('full', 0, now + AGAIN_MS - AGAIN_MS)).toBe(true);
  });
});
