import { describe, expect, it } from 'vitest';
import { Wedge } from './wedge';

/** Presses the keys of a text, so many ms apart, then Enter; what was scanned. */
function type(wedge: Wedge, text: string, gapMs: number, from = 1000, keyOf = (char: string) => ({ key: char, code: '' })) {
  let at = from;
  for (const char of text) {
    wedge.press({ ...keyOf(char), at });
    at += gapMs;
  }
  return wedge.press({ key: 'Enter', code: 'Enter', at }).scan;
}

describe('Wedge', () => {
  const ticket = '7K3M9PQ2XWABCDE';

  it('takes what is typed faster than by hand and ends with Enter', () => {
    expect(type(new Wedge(), ticket, 4)).toBe(ticket);
    expect(type(new Wedge(), ticket, 30)).toBe(ticket);
  });

  it('leaves a hand alone, also a fast one', () => {
    expect(type(new Wedge(), ticket, 90)).toBeUndefined();
    expect(type(new Wedge(), 'short', 4)).toBeUndefined();
  });

  it('begins anew after a pause: what was typed before is not the scanner’s', () => {
    const wedge = new Wedge();
    wedge.press({ key: 'x', code: 'KeyX', at: 0 });
    expect(type(wedge, ticket, 5, 500)).toBe(ticket);
  });

  it('is not disturbed by Shift, and ends a run at any other key', () => {
    const wedge = new Wedge();
    let at = 0;
    for (const char of ticket) {
      wedge.press({ key: 'Shift', code: 'ShiftLeft', at: ++at });
      wedge.press({ key: char, code: '', at: ++at });
    }
    expect(wedge.press({ key: 'Enter', code: 'Enter', at: ++at }).scan).toBe(ticket);
    wedge.press({ key: 'a', code: 'KeyA', at: 1000 });
    wedge.press({ key: 'ArrowLeft', code: 'ArrowLeft', at: 1001 });
    expect(wedge.length).toBe(0);
  });

  it('needs Enter at the scanner’s pace, too', () => {
    const wedge = new Wedge();
    for (const [i, char] of [...ticket].entries()) wedge.press({ key: char, code: '', at: i * 4 });
    expect(wedge.press({ key: 'Enter', code: 'Enter', at: 2000 }).scan).toBeUndefined();
  });

  it('reads the keyboard where an input method hides the characters', () => {
    const place = (char: string) => ({ key: 'Process', code: /\d/.test(char) ? `Digit${char}` : `Key${char}` });
    expect(type(new Wedge(), ticket, 4, 0, place)).toBe(ticket);
  });

  it('is bounded', () => {
    expect(type(new Wedge(), 'A'.repeat(5000), 1)?.length ?? 0).toBeLessThanOrEqual(300);
  });
});
