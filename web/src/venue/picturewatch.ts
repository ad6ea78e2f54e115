// Whether a camera's picture is black or stands still, from a few small samples of it.

/** SAMPLE is the size a picture is looked at, pixels. */
export const SAMPLE = { width: 32, height: 18 } as const;

/** Luma (0–255) below which a picture is black, and how much brighter than the rest a spot may be. */
const BLACK_MEAN = 20;
const BLACK_SPREAD = 6;
/** Samples in a row, one a second. */
const BLACK_AFTER = 4;
const FROZEN_AFTER = 10;

/**
 * PictureWatch judges samples of one camera, one a second. A real camera has noise even of an
 * empty hall: a picture that is the same to the last bit for ten seconds stands still.
 */
export class PictureWatch {
  #last: Uint8ClampedArray | undefined;
  #black = 0;
  #same = 0;

  /** black: the lens is covered, the hall is dark, or the camera gives nothing. */
  get black(): boolean {
    return this.#black >= BLACK_AFTER;
  }

  /** frozen: the camera gives the same picture again and again. */
  get frozen(): boolean {
    return this.#same >= FROZEN_AFTER && !this.black;
  }

  /** take looks at RGBA pixels of one sample. */
  take(pixels: Uint8ClampedArray): void {
    const { mean, spread } = luma(pixels);
    this.#black = mean < BLACK_MEAN && spread < BLACK_SPREAD ? this.#black + 1 : 0;
    this.#same = this.#last !== undefined && equal(this.#last, pixels) ? this.#same + 1 : 0;
    this.#last = pixels.slice();
  }

  /** reset forgets what was seen: another camera, or nobody looked for a while. */
  reset(): void {
    this.#last = undefined;
    this.#black = 0;
    this.#same = 0;
  }
}

/** luma returns mean and standard deviation of the brightness (BT.601), 0–255. */
export function luma(pixels: Uint8ClampedArray): { mean: number; spread: number } {
  let sum = 0;
  let squares = 0;
  const n = Math.floor(pixels.length / 4);
  if (n === 0) return { mean: 0, spread: 0 };
  for (let i = 0; i < n; i++) {
    const y = 0.299 * (pixels[4 * i] ?? 0) + 0.587 * (pixels[4 * i + 1] ?? 0) + 0.114 * (pixels[4 * i + 2] ?? 0);
    sum += y;
    squares += y * y;
  }
  const mean = sum / n;
  return { mean, spread: Math.sqrt(Math.max(0, squares / n - mean * mean)) };
}

function equal(a: Uint8ClampedArray, b: Uint8ClampedArray): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
