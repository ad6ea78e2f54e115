import { describe, expect, it } from 'vitest';
import { inFigures, ticketIn, ticketOf } from './ticket';
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

  const code = ticketOf([4, 26, 31, 0, 19, 9, 23, 28, 3, 20, 11, 7, 29]);
  const figures = inFigures(code);

  it('is ended by Tab as by Enter', () => {
    const wedge = new Wedge();
    for (const [i, char] of [...figures].entries()) wedge.press({ key: char, code: '', at: i * 4 });
    expect(wedge.press({ key: 'Tab', code: 'Tab', at: figures.length * 4 }).scan).toBe(figures);
  });

  it('reads places where the computer’s layout makes letters of figures, a dead key among them', () => {
    const windowsVietnamese: Record<string, string> = { 0: 'đ', 1: 'ă', 2: 'â', 3: 'ê', 4: 'ô', 5: 'Dead', 6: 'Dead', 7: 'Dead', 8: 'Dead', 9: 'Dead' };
    const scan = type(new Wedge(), figures, 4, 0, (char) => ({ key: windowsVietnamese[char] ?? char, code: `Digit${char}` }));
    expect(ticketIn(scan ?? '')).toBe(code);
  });

  it('goes by the characters where the layout only moves them', () => {
    // AZERTY, a scanner that knows it: the letter A is typed by the key at the place of Q.
    const moved = (char: string) => ({ key: char, code: char === 'A' ? 'KeyQ' : `Key${char}` });
    const letters = ticketOf([10, 10, 11, 12, 13, 10, 11, 12, 13, 14, 10, 11, 12]).replaceAll('-', '');
    expect(type(new Wedge(), letters, 4, 0, moved)).toBe(letters);
  });

  it('takes back what an input method takes back', () => {
    const wedge = new Wedge();
    let at = 0;
    for (const key of [...'KMA', 'Backspace', 'Â', ...'BCDEFGHJKM']) wedge.press({ key, code: '', at: at++ });
    expect(wedge.press({ key: 'Enter', code: 'Enter', at }).scan).toBe('KMÂBCDEFGHJKM');
  });

  it('knows a whole ticket before anything ends it, and the Enter that comes late', () => {
    const wedge = new Wedge();
    for (const [i, char] of [...figures].entries()) {
      expect(wedge.whole).toBe(false);
      wedge.press({ key: char, code: '', at: i });
    }
    expect(wedge.whole).toBe(true);
    expect(wedge.end()).toBe(figures);
    expect(wedge.press({ key: 'Enter', code: 'Enter', at: figures.length })).toEqual({ tail: true });
    expect(wedge.press({ key: 'Enter', code: 'Enter', at: 5000 })).toEqual({});
  });

  it('is bounded', () => {
    expect(type(new Wedge(), 'A'.repeat(5000), 1)?.length ?? 0).toBeLessThanOrEqual(300);
  });
});
