import { describe, expect, it } from 'vitest';
import { Lazy } from './lazy.svelte';

describe('Lazy', () => {
  it('fetches once, however often it is wanted', async () => {
    let fetched = 0;
    const lazy = new Lazy(() => Promise.resolve({ n: ++fetched }));
    expect(lazy.part).toBeNull();
    await Promise.all([lazy.want(), lazy.want()]);
    await lazy.want();
    expect([lazy.part, fetched]).toEqual([{ n: 1 }, 1]);
  });

  it('tells of a failure and tries again', async () => {
    let tries = 0;
    const lazy = new Lazy(() => (++tries === 1 ? Promise.reject(new TypeError('network')) : Promise.resolve('part')));
    await lazy.want();
    expect([lazy.part, lazy.failed]).toEqual([null, true]);
    await lazy.want();
    expect([lazy.part, lazy.failed]).toEqual(['part', false]);
  });
});
