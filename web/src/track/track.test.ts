import { describe, expect, it } from 'vitest';
import { codeOf, tidyCode } from './code';
import { open, pathOf } from './steps';

describe('pathOf', () => {
  it('shows what is behind, here and ahead', () => {
    expect(pathOf('queued').map((step) => step.standing)).toEqual(['done', 'done', 'done', 'now', 'ahead', 'ahead']);
    expect(pathOf('answered').every((step) => step.standing === 'done')).toBe(true);
  });

  it('ends early when refused or withdrawn', () => {
    expect(pathOf('refused').at(-1)).toEqual({ name: 'refused', standing: 'now' });
    expect(pathOf('withdrawn').map((step) => step.name)).toEqual(['received', 'withdrawn']);
  });
});

describe('open', () => {
  it('lets the asker withdraw only what is not over', () => {
    expect((['pending', 'claimed', 'approved', 'queued', 'staged'] as const).every(open)).toBe(true);
    expect((['onAir', 'answered', 'refused', 'withdrawn'] as const).some(open)).toBe(false);
  });
});

describe('codes', () => {
  it('are tidied from what people type and paste', () => {
    expect(tidyCode(' abcd 2345\n')).toBe('ABCD2345');
    expect(codeOf('#abc%202')).toBe('ABC2');
    expect(codeOf('')).toBe('');
    expect(codeOf('#%E0%A4%A')).toBe('');
  });
});
