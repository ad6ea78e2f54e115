import { describe, expect, it, vi } from 'vitest';
import type { Challenge } from '../wire/wire.gen';
import { inSlices, prove } from './prove';
import type { Helper } from './prove';
import { Search } from './search';
import { Endings, sha256, wordsOf } from './sha256';

/** The hash as the platform makes it. */
async function hashOf(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function challenge(number: number, maxNumber = 5_000, salt = 'ab12?conference=dat-dai&expires=1666918800&max=5000&'): Challenge {
  return { algorithm: 'SHA-256', challenge: sha256(`${salt}${number}`), maxNumber, salt, signature: '5e' };
}

/** A worker that answers with a number, or breaks. */
function helper(answer: (challenge: Challenge) => number | undefined, broken = false): Helper & { ended: boolean } {
  const it = {
    ended: false,
    onmessage: null as Helper['onmessage'],
    onerror: null as Helper['onerror'],
    postMessage(sent: Challenge) {
      queueMicrotask(() => {
        const number = broken ? undefined : answer(sent);
        if (broken) it.onerror?.({} as ErrorEvent);
        else it.onmessage?.({ data: number === undefined ? {} : { number } } as MessageEvent);
      });
    },
    terminate() {
      it.ended = true;
    },
  };
  return it;
}

const decoded = (proof: string): unknown => JSON.parse(atob(proof));

describe('sha256', () => {
  it('is that of FIPS 180-4', () => {
    expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('is the same as another’s for every length around the blocks', async () => {
    for (let length = 0; length < 200; length += 1) {
      const text = 'Đất'.repeat(length).slice(0, length);
      expect(sha256(text), String(length)).toBe(await hashOf(text));
    }
  });

  it('hashes many endings of one text', async () => {
    for (const length of [0, 30, 47, 48, 54, 55, 56, 63, 64, 100, 130]) {
      const endings = new Endings('s'.repeat(length));
      for (const ending of ['0', '99', '1000000', '5', '']) {
        expect([...endings.words(ending)], `${length} ${ending}`).toEqual([
          ...(wordsOf(await hashOf(`${'s'.repeat(length)}${ending}`)) ?? []),
        ]);
      }
    }
  });

  it('reads no hash that is none', () => {
    expect(wordsOf('xyz')).toBeUndefined();
    expect(wordsOf('A'.repeat(64))).toBeUndefined();
  });
});

describe('Search', () => {
  it.each([0, 1, 777, 5_000])('finds %i', (number) => {
    const search = new Search(challenge(number));
    let found: number | undefined;
    while (found === undefined && !search.over) found = search.step(100);
    expect(found).toBe(number);
  });

  it('ends when there is no solution', () => {
    const search = new Search(challenge(6_000));
    expect(search.step(10_000)).toBeUndefined();
    expect(search.over).toBe(true);
  });

  it('refuses what it cannot solve', () => {
    expect(() => new Search({ ...challenge(1), algorithm: 'SHA-512' })).toThrow();
    expect(() => new Search({ ...challenge(1), challenge: 'none' })).toThrow();
  });
});

describe('prove', () => {
  it('makes the proof the server knows', async () => {
    const asked = challenge(1_234);
    const worker = helper((sent) => new Search(sent).step(5_000));
    expect(decoded(await prove(asked, () => worker))).toEqual({
      algorithm: 'SHA-256',
      challenge: asked.challenge,
      number: 1_234,
      salt: asked.salt,
      signature: '5e',
    });
    expect(worker.ended).toBe(true);
  });

  it('works on the main thread where no worker can be had', async () => {
    const none = () => {
      throw new Error('no workers here');
    };
    expect(decoded(await prove(challenge(2_500), none))).toMatchObject({ number: 2_500 });
    const broken = helper(() => undefined, true);
    expect(decoded(await prove(challenge(2_500), () => broken))).toMatchObject({ number: 2_500 });
    expect(broken.ended).toBe(true);
  });

  it('lets the page breathe meanwhile', async () => {
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 5));
    let breaths = 0;
    const timer = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((act: () => void) => {
      breaths += 1;
      queueMicrotask(act);
      return 0;
    }) as unknown as typeof setTimeout);
    expect(await inSlices(challenge(5_000))).toBe(5_000);
    clock.mockRestore();
    timer.mockRestore();
    expect(breaths).toBeGreaterThan(5);
  });

  it('says so when there is no solution', async () => {
    await expect(prove(challenge(9_999), () => helper(() => undefined))).rejects.toThrow('no solution');
  });
});
