import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Tracking } from './tracking.svelte';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('location', { href: 'https://hoinghi.example/q#ABC' });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('Tracking', () => {
  it('tells a code that is not there from a server that does not answer', async () => {
    const tracking = new Tracking();
    vi.stubGlobal('fetch', () =>
      Promise.resolve(new Response(JSON.stringify({ code: 'question.unknown_code', title: 'Không có.' }), { status: 404 })),
    );
    await tracking.look('ABC');
    expect(tracking.state).toBe('missing');
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')));
    await tracking.look('ABC');
    expect(tracking.state).toBe('failed');
    await tracking.look('');
    expect(tracking.state).toBe('idle');
  });
});
