/** The part of a long list that is drawn. */
export interface Slice {
  /** Index of the first row drawn, and of the first not drawn after it. */
  from: number;
  to: number;
}

/** Rows drawn above and below what is seen, so that a flick shows no gap. */
const SPARE = 6;

/**
 * Which rows of a list of equal heights to draw; all lengths in CSS pixels.
 */
export function slice(count: number, rowHeight: number, scrollTop: number, height: number): Slice {
  const first = Math.floor(scrollTop / rowHeight) - SPARE;
  const last = Math.ceil((scrollTop + height) / rowHeight) + SPARE;
  return { from: Math.max(0, Math.min(first, count)), to: Math.max(0, Math.min(last, count)) };
}

/** Where to scroll so that a row is seen whole; the same place when it already is. */
export function reveal(index: number, rowHeight: number, scrollTop: number, height: number): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  const bottom = top + rowHeight;
  return bottom > scrollTop + height ? bottom - height : scrollTop;
}
