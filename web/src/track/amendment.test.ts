import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeStorage } from '../citizen/storage.fake';
import { Amendment } from './amendment.svelte';

beforeEach(() => {
  vi.stubGlobal('localStorage', new FakeStorage());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('Amendment', () => {
  it('begins with what was asked and sends the clearer words', async () => {
    const send = vi.fn(() => Promise.resolve());
    const amendment = new Amendment('ABC', 'Đất của tôi?', send);
    expect([amendment.body, amendment.left]).toEqual(['Đất của tôi?', 588]);
    amendment.body = ' Đất thửa 12 của tôi? ';
    expect(await amendment.send()).toBe(false);
    expect(send).not.toHaveBeenCalled();
    amendment.freeze();
    expect(await amendment.send()).toBe(true);
    expect(send).toHaveBeenCalledWith('Đất thửa 12 của tôi?', expect.stringMatching(/^[A-Za-z0-9_-]{22}$/));
    expect(new Amendment('ABC', 'Đất của tôi?', send).body).toBe('Đất của tôi?');
  });

  it('after a reload sends the same words under the same id', () => {
    const send = vi.fn(() => new Promise<void>(() => undefined));
    const first = new Amendment('ABC', '', send);
    first.body = 'Rõ hơn';
    first.freeze();
    void first.send();
    void first.send();
    expect(send).toHaveBeenCalledOnce();
    const second = new Amendment('ABC', '', send);
    expect(second.sending).toBe(true);
    void second.send();
    expect(send.mock.calls[1]).toEqual(send.mock.calls[0]);
  });

  it('keeps refused words, under their id until they change', async () => {
    const error = new Error('x');
    const send = vi.fn((_body: string, _id: string) => Promise.reject(error));
    const amendment = new Amendment('ABC', 'a', send);
    amendment.freeze();
    expect(await amendment.send()).toBe(false);
    expect([amendment.sending, amendment.refusal, amendment.body]).toEqual([false, error, 'a']);
    amendment.freeze();
    await amendment.send();
    amendment.body = 'b';
    amendment.freeze();
    await amendment.send();
    const ids = send.mock.calls.map(([, id]) => id);
    expect([ids[0] === ids[1], ids[1] === ids[2]]).toEqual([true, false]);
  });

  it('starts anew when what was kept is not an amendment', () => {
    localStorage.setItem('diemcau.amend.ABC', '{"body":3}');
    expect(new Amendment('ABC', 'a', () => Promise.resolve()).body).toBe('a');
  });
});
