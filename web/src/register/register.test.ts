import { decodeQR } from 'qr/decode.js';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeStorage } from '../citizen/storage.fake';
import { ProblemError } from '../live/problem';
import { tidyTicket } from '../ticket/ticket.svelte';
import { draw, QUIET } from '../ticket/qr';
import type { ProblemKind } from '../wire/wire.gen';
import { faultsOf, fieldOf } from './check';
import type { Info } from './info.svelte';
import { phaseOf } from './info.svelte';
import { e164 } from './phone';
import type { World } from './sender.svelte';
import { Sender } from './sender.svelte';
import { blank, Draft } from './slip.svelte';

const info: Info = {
  conference: 'hue', title: 'Đối thoại', startsAt: '2030-01-02T01:00:00Z', open: true,
  opensAt: '2030-01-01T00:00:00Z', closesAt: '2030-01-02T00:00:00Z', doorsAt: '2030-01-02T00:30:00Z', offerMs: 86_400_000,
  privacy: { version: 'v1', text: 'Chúng tôi giữ…' },
  venues: [{ id: 'phu-loc', name: 'Phú Lộc', seats: 2, free: 1, waiting: 0 }],
  topics: [{ id: 'land', name: 'Đất đai' }],
};
const good = { ...blank, name: 'Hoa', phone: '0912345678', place: 'venue' as const, venue: 'phu-loc', privacy: 'v1' };
const refused = (kind: ProblemKind, code: string) => new ProblemError({ kind, code, message: '' });

beforeEach(() => {
  vi.stubGlobal('localStorage', new FakeStorage());
});

// The same pairs as internal/text knows.
describe('R7 a telephone number', () => {
  it.each([
    ['0912 345 678', '+84912345678'],
    ['+84 912.345.678', '+84912345678'],
    ['0084912345678', '+84912345678'],
    ['84912345678', '+84912345678'],
    ['912345678', '+84912345678'],
    ['(024) 3825-3536', '+842438253536'],
    ['+1 202 555 0123', '+12025550123'],
    ['09123', ''],
    ['gọi bà Hoa', ''],
    ['+0912345678', ''],
    ['09+12345678', ''],
    ['', ''],
  ])('%s is %s', (typed, number) => {
    expect(e164(typed)).toBe(number);
  });
});

describe('R7 what is wrong with the form', () => {
  it('is nothing when all is there', () => {
    expect(faultsOf(good, info)).toEqual({});
  });
  it.each([
    [{ name: ' ' }, { name: 'noName' }],
    [{ phone: '' }, { phone: 'noPhone' }],
    [{ phone: '123' }, { phone: 'badPhone' }],
    [{ email: 'hoa' }, { email: 'badEmail' }],
    [{ email: 'hoa@vi.' }, { email: 'badEmail' }],
    [{ place: '' as const }, { place: 'noPlace' }],
    [{ venue: 'nowhere' }, { venue: 'noVenue' }],
    [{ question: 'Bao giờ?' }, { topic: 'noTopic' }],
    [{ question: 'a'.repeat(601), topic: 'land' }, { question: 'tooLong' }],
    [{ privacy: '' }, { privacy: 'noPrivacy' }],
    [{ privacy: 'v0' }, { privacy: 'noPrivacy' }],
  ])('%o', (change, faults) => {
    expect(faultsOf({ ...good, ...change }, info)).toEqual(faults);
  });
  it('is a missing code and a bad number only where they are asked for', () => {
    const asked = { ...info, verifyPhone: true, askIdNumber: true };
    expect(faultsOf({ ...good, idNumber: '?' }, asked)).toEqual({ code: 'noCode', idNumber: 'badIdNumber' });
    expect(faultsOf({ ...good, idNumber: '001202012345', code: '123 456' }, asked)).toEqual({});
  });
  it('what the server refuses is told at its field', () => {
    expect(fieldOf('registration.phone_taken')).toBe('phone');
    expect(fieldOf('verification.wrong')).toBe('code');
    expect(fieldOf('registration.closed')).toBeUndefined();
  });
});

it('R7 the phases of a registration', () => {
  const now = Date.parse('2030-01-01T12:00:00Z');
  expect(phaseOf(info, now)).toBe('open');
  expect(phaseOf({ ...info, venues: [{ id: 'a', name: 'A', seats: 1, free: 1, waiting: 3 }] }, now)).toBe('full');
  expect(phaseOf({ ...info, venues: [] }, now)).toBe('open');
  expect(phaseOf({ ...info, open: false }, Date.parse('2029-12-31T00:00:00Z'))).toBe('notYet');
  expect(phaseOf({ ...info, open: false }, now)).toBe('closed');
});

describe('R7 the draft', () => {
  it('outlives the page, but for the number of the paper and the code', () => {
    const draft = new Draft('hue');
    draft.write({ ...good, idNumber: '001202012345', code: '123456' });
    expect(new Draft('hue').words).toEqual({ ...good, idNumber: '', code: '' });
    draft.freeze();
    const next = new Draft('hue');
    expect(next.sending).toBe(true);
    expect(next.slip).toEqual(draft.slip);
    draft.forget();
    expect(new Draft('hue').begun).toBe(false);
  });
  it('is not changed while it is under way', () => {
    const draft = new Draft('hue');
    draft.write(good);
    draft.freeze();
    draft.write({ name: 'Lan' });
    draft.takeOver({ name: 'Lan' }, 'another-key-of-16-characters');
    expect(draft.words.name).toBe('Hoa');
  });
  it('loses its ticks with another text', () => {
    const draft = new Draft('hue');
    draft.write({ ...good, mayContact: 'v1' });
    draft.agreedTo('v2');
    expect([draft.words.privacy, draft.words.mayContact]).toEqual(['', '']);
  });
  it('goes out tidy, and without what nobody told', () => {
    const draft = new Draft('hue');
    draft.write({ ...good, name: ' Hoa\u0300 ', place: 'online', venue: 'phu-loc' });
    const { idempotencyKey, ...slip } = draft.slip;
    expect(idempotencyKey.length).toBeGreaterThanOrEqual(16);
    expect(slip).toEqual({ name: 'Hoà', phone: '+84912345678', online: true, consents: { privacy: 'v1' } });
  });
});

describe('R7 sending', () => {
  function sending(answers: (ProblemError | Error | 'ok')[]): { sender: Sender; draft: Draft; world: World; keys: string[]; waits: number[] } {
    const draft = new Draft('hue');
    draft.write(good);
    draft.freeze();
    const keys: string[] = [];
    const waits: number[] = [];
    const world: World = {
      post: (_, slip) => {
        keys.push(slip.idempotencyKey + (slip.proof ?? ''));
        const answer = answers.shift() ?? 'ok';
        return answer === 'ok' ? Promise.resolve({ code: 'AAAAA', state: 'confirmed' }) : Promise.reject(answer);
      },
      prove: () => Promise.resolve('+proof'),
      wait: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
    };
    return { sender: new Sender('hue', draft, world), draft, world, keys, waits };
  }

  it('goes on under one key until it is acknowledged, then forgets the person', async () => {
    const lost = refused('unavailable', 'page.connection_lost');
    const { sender, draft, keys, waits } = sending([lost, refused('pending', 'log.pending'), lost, 'ok']);
    expect((await sender.send())?.code).toBe('AAAAA');
    expect(new Set(keys).size).toBe(1);
    expect(waits).toEqual([1000, 2000, 4000]);
    expect([draft.begun, draft.sending, sender.state]).toEqual([false, false, 'sent']);
  });
  it('stops at a refusal, keeps the words and takes another key', async () => {
    const { sender, draft, keys } = sending([refused('conflict', 'registration.phone_taken')]);
    expect(await sender.send()).toBeNull();
    expect([draft.words.name, draft.sending, sender.state]).toEqual(['Hoa', false, 'refused']);
    expect(draft.slip.idempotencyKey).not.toBe(keys[0]);
  });
  it('does not wait for a code that cannot be sent', async () => {
    const { sender } = sending([refused('unavailable', 'verification.unsent')]);
    expect(await sender.send()).toBeNull();
    expect(sender.state).toBe('refused');
  });
  it('solves a sum when it is asked to', async () => {
    const challenge = { algorithm: 'SHA-256', challenge: '', maxNumber: 1, salt: '', signature: '' };
    const { sender, keys } = sending([new ProblemError({ kind: 'rateLimited', code: 'proof.required', message: '', challenge })]);
    expect((await sender.send())?.code).toBe('AAAAA');
    expect(keys[1]).toBe(`${String(keys[0])}+proof`);
  });
  it('sends once at a time', async () => {
    const { sender, keys } = sending(['ok']);
    const [first, second] = await Promise.all([sender.send(), sender.send()]);
    expect([first?.code, second, keys.length]).toEqual(['AAAAA', null, 1]);
  });
});

it('R7 a ticket is typed as people type', () => {
  expect(tidyTicket(' abcde 12345-fghjk ')).toBe('ABCDE-12345-FGHJK');
  expect(tidyTicket('--')).toBe('');
});

it('R7 the QR code is read back as the ticket', () => {
  const { size, path } = draw('ABCDE-12345-FGHJK');
  const scale = 4;
  const width = size * scale;
  const data = new Uint8ClampedArray(width * width * 4).fill(255);
  const cells = [...path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
  expect(Math.min(...cells.flat())).toBe(QUIET);
  for (const [x, y] of cells) {
    for (let i = 0; i < scale * scale; i += 1) {
      const at = ((y * scale + Math.floor(i / scale)) * width + x * scale + (i % scale)) * 4;
      data.set([0, 0, 0], at);
    }
  }
  expect(decodeQR({ width, height: width, data })).toBe('101112131401020304051516171819'); // two figures a character
});
