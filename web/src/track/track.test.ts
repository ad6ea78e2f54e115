import { describe, expect, it } from 'vitest';
import { codeOf, tidyCode } from './code';
import { comesUp, open, pathOf, turnOf } from './steps';

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

describe('pathOf what was merged', () => {
  const shown = (state: Parameters<typeof pathOf>[1]) => pathOf('merged', state).map((step) => `${step.name} ${step.standing}`);

  it('goes on with the question that stands for it', () => {
    expect(shown('queued')).toEqual([
      'received done',
      'read done',
      'merged done',
      'approved done',
      'queued now',
      'onAir ahead',
      'answered ahead',
    ]);
    expect(shown('answered').every((step) => step.endsWith('done'))).toBe(true);
  });

  it('waits with it while that is not approved', () => {
    expect(shown('pending').slice(0, 4)).toEqual(['received done', 'read done', 'merged now', 'approved ahead']);
    expect(pathOf('merged').at(-1)).toEqual({ name: 'merged', standing: 'now' });
  });
});

describe('turnOf', () => {
  const into = (state: Parameters<typeof pathOf>[1] & string) => ({ state: 'merged' as const, into: { id: 'x', state } });

  it('is that of the question, or of the one that stands for it', () => {
    expect(turnOf({ state: 'staged' })).toBe('next');
    expect(turnOf({ state: 'onAir' })).toBe('now');
    expect(turnOf(into('staged'))).toBe('next');
    expect(turnOf(into('onAir'))).toBe('now');
  });

  it('is none otherwise', () => {
    expect((['queued', 'recalled', 'answered', 'merged'] as const).map((state) => turnOf({ state }))).toEqual(['', '', '', '']);
    expect(turnOf(into('queued'))).toBe('');
  });
});

describe('comesUp', () => {
  it('is so as long as there may be airtime', () => {
    expect((['pending', 'held', 'queued', 'recalled'] as const).every((state) => comesUp({ state }))).toBe(true);
    expect((['returned', 'staged', 'onAir', 'written', 'answered', 'merged', 'carriedOver'] as const).some((state) => comesUp({ state }))).toBe(false);
    expect(comesUp({ state: 'merged', into: { id: 'x', state: 'queued' } })).toBe(true);
    expect(comesUp({ state: 'merged', into: { id: 'x', state: 'answered' } })).toBe(false);
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
