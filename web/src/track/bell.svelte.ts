import { keep, recall } from '../citizen/store';

/** absent: this browser cannot; off: not asked for; on; refused: the person said no. */
export type BellState = 'absent' | 'off' | 'on' | 'refused';

function isOn(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

/** The browser's own notifications; pages opened over plain http have none. */
function available(): boolean {
  return typeof Notification === 'function' && globalThis.isSecureContext === true;
}

/** Calls the asker when the question comes up, where the browser can and they asked for it. */
export class Bell {
  readonly #key: string;
  readonly #tag: string;
  #state = $state<BellState>('absent');

  constructor(code: string) {
    this.#tag = `diemcau.${code}`;
    this.#key = `diemcau.bell.${code}`;
    if (!available()) return;
    if (Notification.permission === 'denied') this.#state = 'refused';
    else if (Notification.permission === 'granted' && recall(this.#key, isOn, false)) this.#state = 'on';
    else this.#state = 'off';
  }

  get state(): BellState {
    return this.#state;
  }

  /**
   * After a tap: asks for leave, and shows a first notification, for some phones have the
   * interface and cannot use it from a page.
   */
  async turnOn(title: string, body: string): Promise<void> {
    if (this.#state !== 'off') return;
    const leave = await Notification.requestPermission();
    if (leave !== 'granted') {
      if (leave === 'denied') this.#state = 'refused';
      return;
    }
    this.#state = 'on';
    this.ring(title, body);
    keep(this.#key, this.#state === 'on');
  }

  /** Shows a notification when it is on; one of the same question replaces the last. */
  ring(title: string, body: string): void {
    if (this.#state !== 'on') return;
    try {
      const shown = new Notification(title, { body, tag: this.#tag, icon: '/assets/icon.svg' });
      shown.onclick = () => {
        globalThis.focus();
        shown.close();
      };
    } catch {
      this.#state = 'absent';
    }
  }
}
