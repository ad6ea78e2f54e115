// In which order the venues stand on the stage page, and whose live pictures it needs.

import type { Floor, Place } from '../wire/wire.gen';

/** WallOrder is how the halls are ordered: as listed, or those that want to speak first. */
export type WallOrder = 'list' | 'hands';

/** Shown is what the middle of the page shows: live pictures, stills of all, or the lines. */
export type Shown = 'live' | 'all' | 'lines';

/**
 * orderHalls puts, when it follows the hands, who has the floor first, then who stands by, then
 * the raised hands, earliest first; all others keep their place in the list.
 */
export function orderHalls(halls: readonly Place[], order: WallOrder, floor: Floor, hands: readonly string[]): string[] {
  const listed = halls.map((hall) => hall.id);
  if (order === 'list') return listed;
  const first = [floor.holder ?? '', floor.preview ?? '', ...hands].filter((id) => listed.includes(id));
  return [...new Set([...first, ...listed])];
}

/** liveTiles are the venues whose pictures are asked for: those that can be seen, City Hall first. */
export function liveTiles(shown: Shown, page: readonly string[], floor: Floor): string[] {
  if (shown === 'lines') return [];
  if (shown === 'live') return [...page];
  return [...new Set([floor.main, floor.holder ?? '', floor.preview ?? ''])].filter((id) => id !== '');
}


