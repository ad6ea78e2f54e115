// How large the page shows its slots, told to the server in few messages.

import type { SlotLook } from '../wire/wire.gen';
import type { Clock } from './link';

/** Sizes are told in steps: a tile that grows by a pixel is no news. Lines of the screen. */
const STEPS = [90, 180, 240, 360, 480, 720, 1080, 2160] as const;

/** Milliseconds a change waits for others. */
const GATHER_MS = 250;

/** stepOf rounds a height up to a step; 0 for what is not seen. */
export function stepOf(height: number): number {
  if (!(height > 0)) return 0;
  return STEPS.find((step) => height <= step * 1.1) ?? 2160;
}

/** Looks gathers what changed and sends it. */
export class Looks {
  readonly #send: (slots: SlotLook[]) => void;
  readonly #clock: Clock;
  readonly #wanted = new Map<string, number>();
  readonly #told = new Map<string, number>();
  #timer: number | undefined;

  constructor(send: (slots: SlotLook[]) => void, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** show tells that a slot is shown so high, in lines of the screen; 0: not at all. */
  show(mid: string, height: number): void {
    this.#wanted.set(mid, stepOf(height));
    this.#timer ??= this.#clock.set(() => this.#flush(), GATHER_MS);
  }

  /** again forgets what was told: there is a new connection. */
  again(): void {
    this.#told.clear();
    if (this.#wanted.size > 0) this.#timer ??= this.#clock.set(() => this.#flush(), GATHER_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    const slots: SlotLook[] = [];
    for (const [mid, step] of this.#wanted) {
      if (this.#told.get(mid) === step) continue;
      this.#told.set(mid, step);
      slots.push(step === 0 ? { mid, hidden: true } : { mid, height: step });
    }
    if (slots.length > 0) this.#send(slots);
  }
}
