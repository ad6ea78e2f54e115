import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemError } from '../live/problem';
import type { LinkState } from '../live/socket.svelte';
import type { OK, ProblemKind, QuestionSubmit } from '../wire/wire.gen';
import { Draft } from './draft.svelte';
import { mineOf } from './kept.svelte';
import { Outbox, adviceFor } from './outbox.svelte';
import { FakeStorage } from './storage.fake';

function problem(kind: ProblemKind, code = `x.${kind}`): ProblemError {
  return new ProblemError({ kind, code, message: '' });
}

function setUp(state: LinkState = 'online') {
  const sent: QuestionSubmit[] = [];
  const answers: { resolve: (ok: OK) => void; reject: (error: unknown) => void }[] = [];
  const socket = {
    state,
    command: (_name: string, body: QuestionSubmit) =>
      new Promise<OK>((resolve, reject) => {
        sent.push(body);
        answers.push({ resolve, reject });
      }),
  };
  const draft = new Draft('c');
  const mine = mineOf('c');
  const outbox = new Outbox(socket as ConstructorParameters<typeof Outbox>[0], 'c', draft, mine);
  return { socket, draft, mine, outbox, sent, answers };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('localStorage', new FakeStorage());
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('Outbox', () => {
  it('tells sending from waiting, and ends with the code', async () => {
    const { outbox, draft, mine, answers } = setUp();
    expect(outbox.state).toBe('idle');
    draft.body = 'Hỏi';
    draft.freeze();
    const sending = outbox.send();
    expect(outbox.state).toBe('sending');
    await vi.advanceTimersByTimeAsync(3_000);
    expect(outbox.state).toBe('waiting');
    answers[0]?.resolve({ code: 'ABC' });
    await sending;
    expect([outbox.state, outbox.code, mine.list, draft.body]).toEqual(['sent', 'ABC', ['ABC'], '']);
    outbox.clear();
    expect(outbox.state).toBe('idle');
  });

  it('J5 waits without a line, and after a reload sends the same under the same key, once', async () => {
    const first = setUp('offline');
    first.draft.body = 'Hỏi khi mất mạng';
    first.draft.freeze();
    void first.outbox.send();
    void first.outbox.send();
    expect([first.outbox.state, first.sent.length]).toEqual(['waiting', 1]);
    const second = setUp();
    const sending = second.outbox.send();
    expect(second.sent).toEqual(first.sent);
    second.answers[0]?.resolve({ code: 'ABC' });
    await sending;
    expect(second.outbox.state).toBe('sent');
  });

  it('keeps the words when refused, and the key where the outcome is unknown', async () => {
    const { outbox, draft, answers } = setUp();
    draft.body = 'Hỏi';
    const { key } = draft;
    draft.freeze();
    let sending = outbox.send();
    answers[0]?.reject(problem('internal'));
    await sending;
    expect([outbox.state, draft.body, draft.key]).toEqual(['refused', 'Hỏi', key]);
    draft.freeze();
    sending = outbox.send();
    answers[1]?.reject(problem('invalid'));
    await sending;
    expect([outbox.state, draft.body]).toEqual(['refused', 'Hỏi']);
    expect(draft.key).not.toBe(key);
  });

  it('sends nothing that nobody asked to send', async () => {
    const { outbox, sent } = setUp();
    await outbox.send();
    expect(sent).toEqual([]);
  });
});

describe('adviceFor', () => {
  it.each([
    [problem('invalid', 'question.too_long'), 'mend'],
    [problem('tooLarge'), 'mend'],
    [problem('conflict', 'conference.not_open'), 'opens'],
    [problem('rateLimited', 'proof.required'), 'staff'],
    [problem('internal'), 'again'],
    [new Error('bug'), 'again'],
  ] as const)('%s → %s', (error, advice) => {
    expect(adviceFor(error)).toBe(advice);
  });
});
