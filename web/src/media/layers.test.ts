import { describe, expect, it } from 'vitest';
import { DEFAULT_ASK, layerCount, parseVideoAsk, sendEncodings } from './layers';

describe('parseVideoAsk', () => {
  it.each([
    ['#v=q&video=640x360@10', { width: 640, height: 360, rate: 10 }],
    ['#video=1920x1080', { width: 1920, height: 1080, rate: 30 }],
    ['', DEFAULT_ASK],
    ['#video=9x9@10', DEFAULT_ASK],
    ['#video=640x360@0', DEFAULT_ASK],
    ['#video=4096x4096@30', DEFAULT_ASK],
    ['#video=<script>', DEFAULT_ASK],
  ])('%s', (hash, want) => {
    expect(parseVideoAsk(hash)).toEqual(want);
  });
});

describe('sendEncodings', () => {
  it('makes h, m, l of 720p, each half the size of the one before', () => {
    const layers = sendEncodings(DEFAULT_ASK);
    expect(layers.map((l) => [l.rid, l.scaleResolutionDownBy])).toEqual([
      ['h', 1],
      ['m', 2],
      ['l', 4],
    ]);
    expect(layers.map((l) => l.maxBitrate)).toEqual([1_800_000, 500_000, 150_000]);
  });

  it('makes fewer layers of a small picture, with less for each', () => {
    const layers = sendEncodings({ width: 640, height: 360, rate: 10 });
    expect(layers.map((l) => l.rid)).toEqual(['h', 'm']);
    expect(layers[0]?.maxBitrate).toBeLessThan(400_000);
    expect(layers[0]?.maxFramerate).toBe(10);
  });

  it('sends a thumbnail as one layer without a rid', () => {
    const layers = sendEncodings({ width: 320, height: 180, rate: 10 });
    expect(layers).toHaveLength(1);
    expect(layers[0]?.rid).toBeUndefined();
  });

  it('counts like browsers do', () => {
    expect([layerCount(1280, 720), layerCount(640, 360), layerCount(320, 180)]).toEqual([3, 2, 1]);
  });
});
