import { expect, test } from 'vitest';
import { addressOf, levelOf, offered, QUALITIES } from './quality';

test('a choice of size is one of those there are', () => {
  expect(QUALITIES.map((q) => levelOf(q, 3))).toEqual([-1, 2, 1, 0, -1]);
  expect(QUALITIES.map((q) => levelOf(q, 1))).toEqual([-1, 0, 0, 0, -1]);
  expect(QUALITIES.map((q) => levelOf(q, 0)), 'none is known yet').toEqual([-1, -1, -1, -1, -1]);
});

test('the sound alone has its own playlist', () => {
  expect(addressOf('/live/x', 'sound')).toBe('/live/x/sound.m3u8');
  for (const quality of ['auto', 'high', 'medium', 'low'] as const) expect(addressOf('/live/x', quality)).toBe('/live/x/index.m3u8');
});

test('P7: who is to be sent to no edge says so', () => {
  expect(addressOf('/live/x', 'auto', true)).toBe('/live/x/index.m3u8?edge=no');
  expect(addressOf('/live/x', 'sound', true)).toBe('/live/x/sound.m3u8');
});

test('where the browser chooses the size none is offered, and nothing without HLS', () => {
  expect(offered(true, true)).toEqual(QUALITIES);
  expect(offered(false, true)).toEqual(['auto', 'sound']);
  expect(offered(true, false)).toEqual([]);
});
