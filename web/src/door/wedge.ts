// A USB scanner is a keyboard: it types the code faster than any hand and ends with Enter.

/** A hand needs longer between two keys; a scanner over Bluetooth comes close. */
const FASTEST_HAND_MS = 60;
const SHORTEST = 10;
const LONGEST = 300;

/** The part of a KeyboardEvent that is looked at. */
export interface Key {
  key: string;
  code: string;
  /** When it was pressed, ms; the event's own time, not when the page came to it. */
  at: number;
}

/** The character of a key; an input method hides it, the place on the keyboard does not. */
function charOf({ key, code }: Key): string {
  if (key.length === 1) return key;
  if (key !== 'Process' && key !== 'Unidentified') return '';
  const place = /^(?:Key([A-Z])|Digit(\d)|Numpad(\d))$/.exec(code);
  if (place) return place[1] ?? place[2] ?? place[3] ?? '';
  return code === 'Minus' ? '-' : '';
}

const silent = new Set(['Shift', 'CapsLock', 'Control', 'Alt', 'Meta', 'NumLock']);

/** Tells a scanner's keys from a hand's. One key after the other; no clock, no document. */
export class Wedge {
  #run = '';
  #last = -Infinity;

  /** How many characters the present fast run has; 0: no run. */
  get length(): number {
    return this.#run.length;
  }

  /**
   * Takes a key. "start": a run may begin here (the first key of one looks like a hand's).
   * A string in `scan`: what a scanner has typed, ended by this Enter.
   */
  press(key: Key): { start: boolean; scan?: string } {
    if (silent.has(key.key)) return { start: false };
    const fast = key.at - this.#last <= FASTEST_HAND_MS;
    this.#last = key.at;
    if (key.key === 'Enter' || key.key === 'Tab') {
      const run = fast ? this.#run : '';
      this.#run = '';
      return run.length >= SHORTEST ? { start: false, scan: run } : { start: false };
    }
    const char = charOf(key);
    if (!char || (fast && this.#run.length >= LONGEST)) {
      this.#run = '';
      return { start: false };
    }
    if (fast && this.#run) {
      this.#run += char;
      return { start: false };
    }
    this.#run = char;
    return { start: true };
  }
}

type Field = HTMLInputElement | HTMLTextAreaElement;

function fieldOf(target: EventTarget | null): Field | null {
  if (target instanceof HTMLTextAreaElement) return target;
  const typed = new Set(['text', 'search', 'tel', 'url', 'email', 'number', 'password']);
  return target instanceof HTMLInputElement && typed.has(target.type) ? target : null;
}

/**
 * Listens for a scanner wherever the focus is, until the returned function is called. Keys
 * go into a field as always; only when they turn out to be a ticket are they taken out of it
 * again, with the Enter behind them. take is told whether a field had them, and answers
 * whether it has taken them.
 */
export function listen(target: Window, take: (read: string, typed: boolean) => boolean): () => void {
  const wedge = new Wedge();
  let field: Field | null = null;
  let before = '';
  const keydown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { start, scan } = wedge.press({ key: event.key, code: event.code, at: event.timeStamp });
    if (start) {
      field = fieldOf(event.target);
      before = field?.value ?? '';
    }
    if (scan === undefined || fieldOf(event.target) !== field) return;
    if (!take(scan, field !== null)) return;
    event.preventDefault();
    event.stopPropagation();
    if (field && field.value !== before) {
      field.value = before;
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }
  };
  target.addEventListener('keydown', keydown, { capture: true });
  return () => target.removeEventListener('keydown', keydown, { capture: true });
}
