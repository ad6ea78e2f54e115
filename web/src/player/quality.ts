// What the viewer may choose; the sizes are those of the multivariant playlist.

/** Quality is a choice: by itself, a size of the picture, or the sound alone. */
export type Quality = 'auto' | 'high' | 'medium' | 'low' | 'sound';

/** All choices in the order they are offered. */
export const QUALITIES: readonly Quality[] = ['auto', 'high', 'medium', 'low', 'sound'];

/** levelOf returns which of n sizes, the smallest first, is meant; -1: by itself. */
export function levelOf(quality: Quality, n: number): number {
  switch (quality) {
    case 'high':
      return n - 1;
    case 'medium':
      return Math.floor((n - 1) / 2);
    case 'low':
      return Math.min(0, n - 1);
    case 'auto':
    case 'sound':
      return -1;
  }
}

/** addressOf returns the playlist of a choice: the sound alone has its own. Who stays is sent to no edge. */
export function addressOf(folder: string, quality: Quality, stays = false): string {
  if (quality === 'sound') return `${folder}/sound.m3u8`;
  return `${folder}/index.m3u8${stays ? '?edge=no' : ''}`;
}

/** offered are the choices there are: where the browser plays HLS by itself it chooses the size. */
export function offered(sizes: boolean, hls: boolean): readonly Quality[] {
  if (!hls) return [];
  return sizes ? QUALITIES : ['auto', 'sound'];
}
