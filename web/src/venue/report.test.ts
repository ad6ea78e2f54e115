import { describe, expect, it } from 'vitest';
import type { LineReport } from '../media/stats';
import { defaultChanged, deviceSigns, isVirtual, type Sent } from './devicesigns';
import { luma, PictureWatch, SAMPLE } from './picturewatch';
import { makeReport } from './report';
import { cover, encodeSmall, STILL } from './stillmaker';

/** A sample of one brightness, with noise of some steps that differs from one to the next. */
function picture(level: number, noise = 0, seed = 1): Uint8ClampedArray {
  const pixels = new Uint8ClampedArray(4 * SAMPLE.width * SAMPLE.height);
  let state = seed;
  for (let i = 0; i < pixels.length; i++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    pixels[i] = i % 4 === 3 ? 255 : level + (noise === 0 ? 0 : state % noise);
  }
  return pixels;
}

describe('PictureWatch', () => {
  const after = (samples: Uint8ClampedArray[]): string => {
    const watch = new PictureWatch();
    for (const sample of samples) watch.take(sample);
    return `${watch.black ? 'black' : ''}${watch.frozen ? 'frozen' : ''}`;
  };
  const many = (n: number, make: (i: number) => Uint8ClampedArray) => Array.from({ length: n }, (_, i) => make(i));

  it.each([
    ['an empty hall has noise', many(30, (i) => picture(90, 3, i + 1)), ''],
    ['a covered lens has noise too', many(30, (i) => picture(2, 3, i + 1)), 'black'],
    ['nothing at all is black, not frozen', many(30, () => picture(0)), 'black'],
    ['black for a moment', many(3, () => picture(0)), ''],
    ['light again', [...many(30, () => picture(0)), picture(90)], ''],
    ['the same picture for long', many(12, () => picture(90, 200)), 'frozen'],
    ['the same picture for a moment', many(9, () => picture(90, 200)), ''],
    ['it moves again', [...many(12, () => picture(90, 200)), picture(91, 200)], ''],
    ['a dark hall with one lamp', many(30, (i) => spot(i)), ''],
  ])('%s', (_, samples, want) => expect(after(samples)).toBe(want));

  it('begins anew after a pause', () => {
    const watch = new PictureWatch();
    for (let i = 0; i < 30; i++) watch.take(picture(0));
    watch.reset();
    expect(watch.black).toBe(false);
  });

  it('luma weighs the colours', () => {
    expect(luma(new Uint8ClampedArray([255, 255, 255, 255])).mean).toBeCloseTo(255);
    expect(luma(new Uint8ClampedArray([0, 255, 0, 255])).mean).toBeCloseTo(149.685);
    expect(luma(new Uint8ClampedArray())).toEqual({ mean: 0, spread: 0 });
  });
});

/** Dark, but for a lamp of some pixels. */
function spot(i: number): Uint8ClampedArray {
  const pixels = picture(3, 3, i + 1);
  for (let p = 0; p < 20 * 4; p++) pixels[p] = 250;
  return pixels;
}

describe('devices', () => {
  const real: Sent = { label: 'Logitech C920', deviceId: 'a', chosen: 'a', test: false, muted: false };
  it.each([
    ['OBS Virtual Camera', true],
    ['Snap Camera', true],
    ['ManyCam Virtual Webcam', true],
    ['Monitor of Built-in Audio', true],
    ['CABLE Output (VB-Audio Virtual Cable)', true],
    ['Logitech BRIO', false],
    ['Integrated Camera (13d3:56a2)', false],
    ['USB Mixer – Bàn trộn hội trường', false],
    ['Jobst Audio', false],
    ['', false],
  ])('%s', (label, want) => expect(isVirtual(label)).toBe(want));

  it.each([
    ['all is well', real, real, []],
    ['the default is no choice', { ...real, chosen: '' }, real, []],
    ['another one than chosen', real, { ...real, deviceId: 'b' }, ['deviceChanged']],
    ['muted by the system', { ...real, muted: true }, { ...real, muted: true }, ['cameraMuted', 'micMuted']],
    ['programs', { ...real, label: 'OBS Virtual Camera' }, { ...real, label: 'VoiceMeeter Output' }, ['virtualCamera', 'virtualMic']],
    ['the test card is neither', { ...real, test: true, muted: true, label: 'OBS', deviceId: '' }, real, ['testPicture']],
    ['nothing but the test', { ...real, test: true }, { ...real, test: true, deviceId: 'b' }, ['testPicture', 'testSound']],
  ])('signs: %s', (_, camera, mic, want) => expect(deviceSigns(camera, mic)).toEqual(want));

  it('notices another default device', () => {
    const byDefault = { ...real, chosen: '' };
    expect(defaultChanged(byDefault, 'g1', 'g2')).toBe(true);
    expect(defaultChanged(byDefault, 'g1', 'g1')).toBe(false);
    expect(defaultChanged(byDefault, '', 'g2')).toBe(false);
    expect(defaultChanged(real, 'g1', 'g2')).toBe(false);
  });
});

describe('makeReport', () => {
  const seen: LineReport = {
    up: 640_000.4, down: 1_900_000, programmeRate: 30, lossUp: 0.0314159, lossDown: 0, rttMs: undefined, way: 'tcp', limited: 'bandwidth',
    jitterMs: 12, freezes: 1, frozenMs: 300, windowMs: 5000, layers: 2,
    largest: { width: 640, height: 360, rate: 29.97, encoder: 'OpenH264' },
    wantedScale: 1,
  };
  const around = { wantedHeight: 720, level: 0.613, camera: 'C', mic: 'M', signs: ['black'] as const };

  it('rounds, and leaves out what is not known', () => {
    expect(makeReport(seen, around)).toEqual({
      upBits: 640_000, downBits: 1_900_000, lossUp: 0.031, lossDown: 0, rttMs: 0, jitterMs: 12, freezes: 1, frozenMs: 300, windowMs: 5000,
      width: 640, height: 360, wantedHeight: 720, fps: 30, layers: 2, limited: 'bandwidth', encoder: 'OpenH264', way: 'tcp', level: 61,
      camera: 'C', mic: 'M', signs: ['black'],
    });
    expect(makeReport({ ...seen, way: undefined, largest: undefined }, around)).not.toHaveProperty('way');
  });

  it('stays within what the server takes', () => {
    const wild = makeReport(
      { ...seen, lossUp: 7, rttMs: 1e9, windowMs: 1e9, up: -5, largest: { width: 1e6, height: 1e6, rate: 1e6, encoder: 'x'.repeat(100) } },
      { ...around, level: 9, camera: 'x'.repeat(200) },
    );
    expect([wild.lossUp, wild.rttMs, wild.windowMs, wild.upBits, wild.width, wild.fps, wild.level]).toEqual([1, 60_000, 60_000, 0, 8192, 240, 100]);
    expect([wild.encoder?.length, wild.camera?.length]).toEqual([60, 80]);
  });
});

describe('stills', () => {
  const blob = (size: number) => new Blob([new Uint8Array(size)]);

  it('takes the best quality that is small enough', async () => {
    const asked: number[] = [];
    const got = await encodeSmall((quality) => {
      asked.push(quality);
      return Promise.resolve(blob(quality * 50_000));
    }, 20_000);
    expect([got?.size, asked]).toEqual([15_000, [0.7, 0.5, 0.3]]);
  });

  it('gives up rather than send too much', async () => {
    expect(await encodeSmall(() => Promise.resolve(blob(1e6)))).toBeUndefined();
    expect(await encodeSmall(() => Promise.resolve(null))).toBeUndefined();
  });

  it('fills the frame from the middle', () => {
    expect(cover({ width: 1280, height: 720 }, STILL)).toEqual({ x: 0, y: 0, width: 1280, height: 720 });
    expect(cover({ width: 640, height: 480 }, STILL)).toEqual({ x: 0, y: 60, width: 640, height: 360 });
    expect(cover({ width: 360, height: 640 }, STILL)).toEqual({ x: 0, y: 218.75, width: 360, height: 202.5 });
  });
});
