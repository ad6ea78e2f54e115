import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeStorage } from '../citizen/storage.fake';
import { Bell } from './bell.svelte';

interface Shown {
  readonly title: string;
  readonly options: NotificationOptions;
}

/** A browser with notifications: what the person answers, and whether a page may show one. */
function browser(answer: NotificationPermission, { broken = false, secure = true } = {}) {
  const shown: Shown[] = [];
  class FakeNotification {
    static permission: NotificationPermission = 'default';
    onclick: (() => void) | null = null;

    constructor(title: string, options: NotificationOptions) {
      if (broken) throw new TypeError('Illegal constructor');
      shown.push({ title, options });
    }

    static requestPermission(): Promise<NotificationPermission> {
      FakeNotification.permission = answer;
      return Promise.resolve(answer);
    }
  }
  vi.stubGlobal('Notification', FakeNotification);
  vi.stubGlobal('isSecureContext', secure);
  return shown;
}

beforeEach(() => {
  vi.stubGlobal('localStorage', new FakeStorage());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('Bell', () => {
  it('is absent without the interface and over plain http', () => {
    expect(new Bell('ABC').state).toBe('absent');
    browser('granted', { secure: false });
    expect(new Bell('ABC').state).toBe('absent');
  });

  it('rings only after a tap', async () => {
    const shown = browser('granted');
    const bell = new Bell('ABC');
    bell.ring('Đến lượt', 'Mở hình');
    expect([bell.state, shown.length]).toEqual(['off', 0]);
    await bell.turnOn('Sẽ báo', '…');
    bell.ring('Đến lượt', 'Mở hình');
    expect(bell.state).toBe('on');
    expect(shown.map(({ title }) => title)).toEqual(['Sẽ báo', 'Đến lượt']);
    expect(shown[1]?.options).toMatchObject({ body: 'Mở hình', tag: 'diemcau.ABC' });
  });

  it('stays on for this question, and only this one', async () => {
    browser('granted');
    await new Bell('ABC').turnOn('a', 'b');
    expect([new Bell('ABC').state, new Bell('DEF').state]).toEqual(['on', 'off']);
  });

  it('takes a no', async () => {
    const shown = browser('denied');
    const bell = new Bell('ABC');
    await bell.turnOn('a', 'b');
    bell.ring('a', 'b');
    expect([bell.state, new Bell('ABC').state, shown.length]).toEqual(['refused', 'refused', 0]);
  });

  it('can be asked again when the question was closed without an answer', async () => {
    browser('default');
    const bell = new Bell('ABC');
    await bell.turnOn('a', 'b');
    expect(bell.state).toBe('off');
  });

  it('notices phones where a page cannot show any', async () => {
    browser('granted', { broken: true });
    const bell = new Bell('ABC');
    await bell.turnOn('a', 'b');
    expect([bell.state, new Bell('ABC').state]).toEqual(['absent', 'off']);
  });
});
