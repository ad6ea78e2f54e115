import { describe, expect, test } from 'vitest';
import type { WhepPhase } from '../media/whep';
import { AGAIN_MS, byHls, PATIENCE_MS, Pulse, shows, SILENT_MS, Silence, type Sight } from './fallback';

const now = 1_666_918_800_000;
const standing = (phase: WhepPhase, waited = 0, barred = 0, more = {}): boolean =>
  byHls({ phase, since: waited > 0 ? now - waited : 0, barred, chosen: false, given: false, now, ...more });

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
    expect(standing('stopped', 0, now + 1, { chosen: true })).toBe(false);
  });

  test('when the viewer chose what only it has, and when WebRTC brought nothing', () => {
    expect(standing('stopped', 0, 0, { chosen: true })).toBe(true);
    expect(standing('stopped', 0, 0, { given: true })).toBe(true);
  });
});

describe('a connection that stands', () => {
  test('is left when no picture comes', () => {
    const pulse = new Pulse();
    expect(pulse.beat(10, true, now)).toBe(false);
    expect(pulse.beat(10, true, now + PATIENCE_MS - 1)).toBe(false);
    expect(pulse.beat(10, true, now + PATIENCE_MS)).toBe(true);
  });

  test('is not left while pictures come, nobody looks, or it is another one', () => {
    const pulse = new Pulse();
    for (let i = 0; i < 60; i++) expect(pulse.beat(i, true, now + i * 1000)).toBe(false);
    for (let i = 0; i < 60; i++) expect(pulse.beat(59, false, now + (60 + i) * 1000)).toBe(false);
    expect(pulse.beat(59, true, now + 120_000)).toBe(false);
    pulse.rest();
    expect(pulse.beat(59, true, now + 190_000)).toBe(false);
  });
});

test('P7: a server that sends nothing at all is missed soon, one that sends never', () => {
  const silence = new Silence();
  for (let i = 0; i < 60; i++) expect(silence.lasts(i, now + i * SILENT_MS)).toBe(false);
  const last = now + 59 * SILENT_MS;
  expect(silence.lasts(59, last + SILENT_MS - 1)).toBe(false);
  expect(silence.lasts(59, last + SILENT_MS)).toBe(true);
  expect(silence.lasts(0, last + 2 * SILENT_MS), 'another connection').toBe(false);
});

describe('what the player says', () => {
  const sight: Sight = { phase: 'playing', hls: false, playing: true, online: true, closed: false };

  test('nothing while a picture is on, whatever else holds', () => {
    expect(shows(sight)).toBe('picture');
    expect(shows({ ...sight, phase: 'full', hls: true, online: false, closed: true })).toBe('picture');
  });

  test('one thing for each reason why there is none', () => {
    const none = { ...sight, playing: false };
    expect(shows({ ...none, closed: true, online: false })).toBe('ended');
    expect(shows({ ...none, online: false, hls: true })).toBe('offline');
    expect(shows({ ...none, phase: 'full', hls: true })).toBe('loading');
    expect(shows({ ...none, phase: 'full' })).toBe('full');
    expect(shows({ ...none, phase: 'no_h264' })).toBe('no_h264');
    expect(shows({ ...none, phase: 'reconnecting' })).toBe('reconnecting');
    expect(shows({ ...none, phase: 'closed' })).toBe('waiting');
    expect(shows({ ...none, phase: 'joining' })).toBe('loading');
  });
});
