import type { Colour } from './decide';

const STORED = 'diemcau.door.sound';

/** Whether this browser's door is to be heard; on unless switched off. */
export function soundWanted(): boolean {
  try {
    return localStorage.getItem(STORED) !== 'off';
  } catch {
    return true;
  }
}

export function keepSound(on: boolean): void {
  try {
    localStorage.setItem(STORED, on ? 'on' : 'off');
  } catch {
    // Storage may be blocked: the choice then lasts until the page is closed.
  }
}

// One high tone, two middle ones, one long low one: told apart without looking.
const tones: Record<Colour, readonly [hertz: number, from: number, ms: number][]> = {
  green: [[880, 0, 120]],
  yellow: [
    [520, 0, 120],
    [520, 200, 120],
  ],
  red: [[200, 0, 500]],
};
const buzz: Record<Colour, number[]> = { green: [60], yellow: [80, 80, 80], red: [400] };

/** Makes the colour heard and felt. */
export class Signal {
  #context: AudioContext | undefined;

  give(colour: Colour): void {
    // A device that cannot vibrate says no; there is nothing to do about it.
    if ('vibrate' in navigator) navigator.vibrate(buzz[colour]);
    this.#context ??= new AudioContext();
    const context = this.#context;
    if (context.state === 'suspended') void context.resume();
    for (const [hertz, from, ms] of tones[colour]) {
      const tone = new OscillatorNode(context, { frequency: hertz, type: 'sine' });
      const volume = new GainNode(context, { gain: 0.2 });
      tone.connect(volume).connect(context.destination);
      const at = context.currentTime + from / 1000;
      tone.start(at);
      tone.stop(at + ms / 1000);
    }
  }
}
