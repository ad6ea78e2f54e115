// A USB scanner is a keyboard: it types the code faster than any hand and mostly ends with
// Enter or Tab. What its keys come to depends on the computer: a layout or an input method for
// Vietnamese makes other characters of them.
import { ticketIn } from './ticket';

/** A hand needs longer between two keys; a scanner over Bluetooth comes close. */
const FASTEST_HAND_MS = 60;
/** A ticket behind which nothing comes for so long is whole: some scanners end with nothing. */
const QUIET_MS = 250;
const SHORTEST = 10;
const LONGEST = 300;

/** The part of a KeyboardEvent that is looked at. */
export interface Key {
  key: string;
  code: string;
  /** When it was pressed, ms; the event's own time, not when the page came to it. */
  at: number;
}

/** What came of a key. */
export interface Press {
  /** A run may begin here (the first key of one looks like a hand's). */
  start?: boolean;
  /** What a scanner has typed, ended by this key: a ticket if the keys come to one. */
  scan?: string;
  /** It belongs to what end has taken already. */
  tail?: boolean;
}

/** The character at the place of a key on the keyboard that scanners take for granted. */
function placeOf(code: string): string {
  const place = /^(?:Key([A-Z])|Digit(\d)|Numpad(\d))$/.exec(code);
  if (place) return place[1] ?? place[2] ?? place[3] ?? '';
  return code === 'Minus' ? '-' : '';
}

const silent = new Set(['Shift', 'CapsLock', 'Control', 'Alt', 'Meta', 'NumLock']);
/** An input method, or a layout's dead key, hides the character. */
const hidden = new Set(['Process', 'Unidentified', 'Dead']);
const ends = new Set(['Enter', 'Tab']);

/** Tells a scanner's keys from a hand's. One key after the other; no clock, no document. */
export class Wedge {
  /** What the keys came to, and what stands at their places. */
  #run: string[] = [];
  #places: string[] = [];
  #last = -Infinity;
  #ended = false;

  /** How many characters the present fast run has; 0: no run. */
  get length(): number {
    return this.#run.length;
  }

  /** Takes a key. */
  press({ key, code, at }: Key): Press {
    if (silent.has(key)) return {};
    const fast = at - this.#last <= FASTEST_HAND_MS;
    this.#last = at;
    if (ends.has(key)) {
      if (fast && this.#ended) return { tail: true };
      const scan = fast ? this.end() : '';
      this.#drop();
      return scan ? { scan } : {};
    }
    this.#ended = false;
    if (key === 'Backspace' && fast) {
      // An input method takes characters back to put a marked one in their place.
      this.#run.pop();
      this.#places.pop();
      return {};
    }
    const place = placeOf(code);
    const char = key.length === 1 ? key : hidden.has(key) ? place : '';
    if (!char || (fast && this.length >= LONGEST)) {
      this.#drop();
      return {};
    }
    const start = !fast || this.length === 0;
    if (start) this.#drop();
    this.#run.push(char);
    this.#places.push(place || char);
    return start ? { start } : {};
  }

  /** Ends the run, without a key; what was scanned, "" when it was none. */
  end(): string {
    const [run, places] = [this.#run.join(''), this.#places.join('')];
    this.#drop();
    this.#ended = true;
    if (run.length < SHORTEST) return '';
    return !ticketIn(run) && ticketIn(places) ? places : run;
  }

  /** Whether the run is a ticket so far. */
  get whole(): boolean {
    return [this.#run, this.#places].some((keys) => keys.length >= SHORTEST && ticketIn(keys.join('')) !== '');
  }

  #drop(): void {
    this.#run = [];
    this.#places = [];
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
  let timer = 0;
  const taken = (scan: string): boolean => {
    if (!take(scan, field !== null)) return false;
    if (field && field.value !== before) {
      field.value = before;
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }
    return true;
  };
  const swallow = (event: KeyboardEvent): void => {
    event.preventDefault();
    event.stopPropagation();
  };
  const keydown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    clearTimeout(timer);
    const { start, scan, tail } = wedge.press({ key: event.key, code: event.code, at: event.timeStamp });
    if (tail) return swallow(event);
    if (start) {
      field = fieldOf(event.target);
      before = field?.value ?? '';
    }
    if (fieldOf(event.target) !== field) return;
    if (scan !== undefined) {
      if (taken(scan)) swallow(event);
    } else if (wedge.whole) {
      timer = window.setTimeout(() => taken(wedge.end()), QUIET_MS);
    }
  };
  target.addEventListener('keydown', keydown, { capture: true });
  return () => {
    clearTimeout(timer);
    target.removeEventListener('keydown', keydown, { capture: true });
  };
}
