import encodeQR from 'qr';
import { inFigures } from '../door/ticket';

/** Light modules around the code, as the standard asks (ISO/IEC 18004 §5.3.8). */
export const QUIET = 4;

/** A QR code: how many modules it is wide, and the dark ones as an SVG path. */
export interface Drawing {
  size: number;
  path: string;
}

/** Draws a ticket's code, in figures, with a quarter of it to spare for damage. */
export function draw(code: string): Drawing {
  const rows = encodeQR(inFigures(code), 'raw', { ecc: 'quartile', encoding: 'numeric', border: QUIET });
  let path = '';
  for (const [y, row] of rows.entries()) {
    for (const [x, dark] of row.entries()) if (dark) path += `M${x} ${y}h1v1h-1z`;
  }
  return { size: rows.length, path };
}
