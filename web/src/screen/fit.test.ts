import { describe, expect, it } from 'vitest';
import { largest } from './fit';

describe('largest', () => {
  it('finds the largest size that fits in few tries', () => {
    let tries = 0;
    const size = largest(30, 104, (candidate) => {
      tries += 1;
      return candidate <= 61;
    });
    expect(size).toBe(61);
    expect(tries).toBeLessThanOrEqual(7);
  });

  it('keeps to its ends', () => {
    expect(largest(30, 104, () => true)).toBe(104);
    expect(largest(30, 104, () => false)).toBe(30);
  });
});
