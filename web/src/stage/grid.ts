// Where the tiles stand and where the arrow keys lead.

/** Fit is the room the tiles have, in CSS pixels. */
export interface Fit {
  width: number;
  height: number;
  /** Height of the words under a picture. */
  caption: number;
  gap: number;
}

/** Fitted is the number of columns and the width of a tile, in CSS pixels. */
export interface Fitted {
  columns: number;
  width: number;
}

/** fitTiles finds the largest 16:9 tiles that all fit without scrolling. */
export function fitTiles(count: number, fit: Fit): Fitted {
  let best: Fitted = { columns: 1, width: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns++) {
    const rows = Math.max(1, Math.ceil(count / columns));
    const byWidth = (fit.width - fit.gap * (columns - 1)) / columns;
    const byHeight = (((fit.height - fit.gap * (rows - 1)) / rows - fit.caption) * 16) / 9;
    const width = Math.floor(Math.min(byWidth, byHeight));
    if (width > best.width) best = { columns, width };
  }
  return best;
}

/** step moves over a grid by an arrow key; undefined when the key is no arrow. The edges hold. */
export function step(key: string, at: number, count: number, columns: number): number | undefined {
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  if (by === undefined) return undefined;
  if (at < 0 || at >= count) return count === 0 ? undefined : 0;
  const to = at + by;
  return to < 0 || to >= count ? at : to;
}

const KINDS_OF_PLACE = /^(?:Quận|Huyện|Thị xã|Phường|Xã|Thị trấn)\s+(?=\p{L})/u;

const COMMITTEE = /^UBND\s+(?:Thành phố|TP\.?|Tỉnh)\s+(?=\p{L})/iu;

/**
 * shortName leaves out what a place is ("Quận Bắc Từ Liêm" → "Bắc Từ Liêm",
 * "UBND Thành phố Hà Nội" → "UBND Hà Nội"), for tiles that
 * have room for a name only. "Quận 1" stays what it is.
 */
export function shortName(name: string): string {
  return name.replace(KINDS_OF_PLACE, '').replace(COMMITTEE, 'UBND ');
}
