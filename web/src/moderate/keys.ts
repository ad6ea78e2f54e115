/** What a key asks for at the moderator's desk. */
export type Wish = 'next' | 'claim' | 'approve' | 'edit' | 'refuse' | 'release' | 'up' | 'down' | 'help';

const keys: Record<string, Wish> = {
  n: 'next',
  enter: 'claim',
  a: 'approve',
  e: 'edit',
  r: 'refuse',
  l: 'release',
  escape: 'release',
  arrowup: 'up',
  k: 'up',
  arrowdown: 'down',
  j: 'down',
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
  if (target.closest('input, textarea, select, dialog')) return true;
  // Enter presses the button or link that has the focus.
  return wish === 'claim' && target.closest('button, a') !== null;
}
