// A venue's picture for the wall of venues: a small JPEG, made of the camera in the page.

import { MaxStillBytes } from '../wire/wire.gen';

/** STILL is its size, pixels. */
export const STILL = { width: 320, height: 180 } as const;

/** Tried in turn until the picture is small enough. */
const QUALITIES = [0.7, 0.5, 0.3, 0.15] as const;

/** encodeSmall returns the best JPEG that is not longer than `most` bytes; undefined: none is. */
export async function encodeSmall(
  encode: (quality: number) => Promise<Blob | null>,
  most: number = MaxStillBytes,
): Promise<Blob | undefined> {
  for (const quality of QUALITIES) {
    const picture = await encode(quality);
    if (picture === null) return undefined;
    if (picture.size <= most) return picture;
  }
  return undefined;
}

/** cover is the part of a picture that fills a frame of another shape, centred. */
export function cover(
  from: { width: number; height: number },
  to: { width: number; height: number },
): { x: number; y: number; width: number; height: number } {
  const scale = Math.min(from.width / to.width, from.height / to.height);
  const width = to.width * scale;
  const height = to.height * scale;
  return { x: (from.width - width) / 2, y: (from.height - height) / 2, width, height };
}
