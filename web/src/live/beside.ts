// Apart from reduce.ts: only pages that show pictures load it.
import { speaking, type View } from './reduce';

/** The venue whose picture stands beside that of the one on air; "" when there is one picture. */
export function besides(view: View): string {
  const on = speaking(view);
  return view.floor.beside && on !== '' && on !== view.floor.main ? view.floor.main : '';
}
