/** What a key asks for at the moderator's desk. */
export type Wish =
  | 'next'
  | 'claim'
  | 'approve'
  | 'edit'
  | 'merge'
  | 'return'
  | 'refuse'
  | 'redirect'
  | 'write'
  | 'undo'
  | 'takeOver'
  | 'release'
  | 'visibility'
  | 'phone'
  | 'lead'
  | 'up'
  | 'down'
  | 'lane1'
  | 'lane2'
  | 'lane3'
  | 'lane4'
  | 'help';

const keys: Record<string, Wish> = {
  n: 'next',
  enter: 'claim',
  a: 'approve',
  e: 'edit',
  m: 'merge',
  t: 'return',
  r: 'refuse',
  d: 'redirect',
  w: 'write',
  u: 'undo',
  o: 'takeOver',
  l: 'release',
  escape: 'release',
  v: 'visibility',
  p: 'phone',
  b: 'lead',
  arrowup: 'up',
  k: 'up',
  arrowdown: 'down',
  j: 'down',
  '1': 'lane1',
  '2': 'lane2',
  '3': 'lane3',
  '4': 'lane4',
  '?': 'help',
};

type Stroke = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'repeat' | 'isComposing'>;

/**
 * The wish of a key stroke; undefined for browser shortcuts, for a key held down (a
 * decision is one stroke), and while a Vietnamese input method composes.
 */
export function wishOf(stroke: Stroke): Wish | undefined {
  if (stroke.ctrlKey || stroke.metaKey || stroke.altKey || stroke.isComposing) return undefined;
  const wish = keys[stroke.key.toLowerCase()];
  if (stroke.repeat && wish !== 'up' && wish !== 'down') return undefined;
  return wish;
}

/** Whether keys belong to what has the focus: a field, a button, an open dialog. */
export function typing(target: EventTarget | null, wish: Wish): boolean {
  if (!(target instanceof Element)) return false;
  // A chosen radio or box keeps the focus and takes no letters, only the arrows.
  const mark = target.closest('input[type="radio"], input[type="checkbox"]');
  if (mark && !target.closest('dialog')) return wish === 'up' || wish === 'down' || wish === 'claim';
  if (target.closest('input, textarea, select, dialog')) return true;
  // Enter presses the button, link or summary that has the focus.
  return wish === 'claim' && target.closest('button, a, summary') !== null;
}

const dialogs = ['edit', 'merge', 'return', 'refuse', 'redirect', 'write', 'takeOver'] as const;

/** The dialogs of the desk; all but the last two are about the question on the card. */
export type DialogName = (typeof dialogs)[number] | 'phone' | 'help';

/** The dialog that a wish opens for the card; undefined for a wish that is done at once. */
export function dialogOf(wish: Wish): (typeof dialogs)[number] | undefined {
  return dialogs.find((name) => name === wish);
}
