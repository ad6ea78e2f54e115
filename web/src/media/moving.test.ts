import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchMoving } from './moving';

beforeEach(() => {
  vi.useFakeTimers({ now: 1000, toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('tells when pictures begin to come, and when they come no more', () => {
  let totalVideoFrames = 7;
  const video = { getVideoPlaybackQuality: () => ({ totalVideoFrames }) } as unknown as HTMLVideoElement;
  const told: boolean[] = [];
  const end = watchMoving(video, (moves) => told.push(moves));
  vi.advanceTimersByTime(3000);
  expect(told, 'what was there before is no movement').toEqual([]);
  for (let i = 0; i < 10; i++) {
    totalVideoFrames += 1;
    vi.advanceTimersByTime(400);
  }
  expect(told).toEqual([true]);
  vi.advanceTimersByTime(2000);
  expect(told).toEqual([true, false]);
  totalVideoFrames += 1;
  vi.advanceTimersByTime(200);
  expect(told).toEqual([true, false, true]);
  end();
  vi.advanceTimersByTime(5000);
  expect(told).toEqual([true, false, true]);
});
