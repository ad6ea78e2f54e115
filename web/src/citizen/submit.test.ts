import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemError } from '../live/problem';
import type { OK, ProblemKind, QuestionSubmit } from '../wire/wire.gen';
import { submitQuestion } from './submit';

const question: QuestionSubmit = { idempotencyKey: 'k'.repeat(22), body: 'Hỏi', topic: 'so-do' };

function problem(kind: ProblemKind): ProblemError {
  return new ProblemError({ kind, code: `x.${kind}`, message: '' });
}

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status });
}

function socket(command: () => Promise<OK>) {
  return { command };
}

const never = () => new Promise<OK>(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('submitQuestion', () => {
  it('takes the code from the socket without asking HTTP', async () => {
    const fetched = vi.fn();
    vi.stubGlobal('fetch', fetched);
    const ok = await submitQuestion(socket(() => Promise.resolve({ code: 'ABC' })), 'c', question);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ok.code).toBe('ABC');
    expect(fetched).not.toHaveBeenCalled();
  });

  it('J5 goes by HTTP with the same key when the socket is silent', async () => {
    const fetched = vi.fn((_path: string, _init?: RequestInit) => Promise.resolve(answer(201, { code: 'ABC', state: 'pending' })));
    vi.stubGlobal('fetch', fetched);
    const asked = submitQuestion(socket(never), 'c', question);
    await vi.advanceTimersByTimeAsync(4_000);
    expect((await asked).code).toBe('ABC');
    const [path, init] = fetched.mock.calls[0] ?? [];
    expect(path).toBe('/api/v1/conferences/c/questions');
    expect(JSON.parse(String(init?.body))).toEqual(question);
  });

  it('keeps trying while the outcome is unknown', async () => {
    let tries = 0;
    vi.stubGlobal('fetch', () => {
      tries += 1;
      if (tries < 3) return Promise.reject(new TypeError('network'));
      return Promise.resolve(answer(201, { code: 'ABC', state: 'pending' }));
    });
    const asked = submitQuestion(socket(() => Promise.reject(problem('unavailable'))), 'c', question);
    await vi.advanceTimersByTimeAsync(12_000);
    expect((await asked).code).toBe('ABC');
    expect(tries).toBe(3);
  });

  it.each<ProblemKind>(['invalid', 'conflict', 'tooLarge', 'notFound'])('gives up when refused as %s', async (kind) => {
    vi.stubGlobal('fetch', vi.fn());
    await expect(
      submitQuestion(socket(() => Promise.reject(problem(kind))), 'c', question),
    ).rejects.toMatchObject({ problem: { kind } });
  });

  it('tells a refusal that came by HTTP in the server’s words', async () => {
    vi.stubGlobal('fetch', () =>
      Promise.resolve(answer(400, { code: 'question.too_long', title: 'Câu hỏi dài quá.' })),
    );
    const asked = submitQuestion(socket(never), 'c', question);
    const refused = expect(asked).rejects.toMatchObject({
      problem: { kind: 'invalid', code: 'question.too_long', message: 'Câu hỏi dài quá.' },
    });
    await vi.advanceTimersByTimeAsync(4_000);
    await refused;
  });
});
