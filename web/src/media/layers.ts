// What the camera is asked for and which simulcast layers are made of it (design §4.1).

/** VideoAsk is the picture to capture. */
export interface VideoAsk {
  width: number;
  height: number;
  /** Pictures per second. */
  rate: number;
}

/** DEFAULT_ASK is pinned so that every venue's bitstream looks alike at a cut. */
export const DEFAULT_ASK: VideoAsk = { width: 1280, height: 720, rate: 30 };

/**
 * parseVideoAsk reads "640x360@10" from the page's hash (#v=…&video=640x360@10); anything
 * else, or a size no camera has, gives the default.
 */
export function parseVideoAsk(hash: string): VideoAsk {
  const text = new URLSearchParams(hash.replace(/^#/, '')).get('video') ?? '';
  const m = /^(\d{2,4})x(\d{2,4})(?:@(\d{1,2}))?$/.exec(text);
  if (m === null) return DEFAULT_ASK;
  const [width, height, rate] = [Number(m[1]), Number(m[2]), Number(m[3] ?? DEFAULT_ASK.rate)];
  if (width < 160 || height < 90 || width > 1920 || height > 1080 || rate < 5 || rate > 60) {
    return DEFAULT_ASK;
  }
  return { width, height, rate };
}

const RIDS = ['h', 'm', 'l'] as const;

/** Full bitrates of a 1280×720 picture at 30 per second, bits/s, high to low. */
const FULL = [1_800_000, 500_000, 150_000] as const;
const FLOOR = [200_000, 120_000, 80_000] as const;

/** layerCount is how many layers browsers really make of a size (they drop more by themselves). */
export function layerCount(width: number, height: number): 1 | 2 | 3 {
  const area = width * height;
  if (area >= 960 * 540) return 3;
  return area >= 480 * 270 ? 2 : 1;
}

/** sendEncodings lists the layers of a picture, high to low; a single layer has no rid. */
export function sendEncodings(ask: VideoAsk): RTCRtpEncodingParameters[] {
  const n = layerCount(ask.width, ask.height);
  const size = (ask.width * ask.height) / (DEFAULT_ASK.width * DEFAULT_ASK.height);
  // Half the pictures need more than half the bits: each differs more from the one before.
  const pace = Math.sqrt(ask.rate / DEFAULT_ASK.rate);
  const rate = (i: number): number =>
    Math.round(
      Math.min(3_000_000, Math.max(FLOOR[i] ?? 80_000, (FULL[i] ?? 0) * size * pace)) / 1000,
    ) * 1000;
  if (n === 1) return [{ maxBitrate: rate(0), maxFramerate: ask.rate }];
  return RIDS.slice(0, n).map((rid, i) => ({
    rid,
    scaleResolutionDownBy: 2 ** i,
    maxBitrate: rate(i),
    maxFramerate: ask.rate,
  }));
}
