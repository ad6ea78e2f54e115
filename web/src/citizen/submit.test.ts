import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemError } from '../live/problem';
import type { Challenge, OK, ProblemKind, QuestionSubmit } from '../wire/wire.gen';
import { submitQuestion } from './submit';

const proved = vi.hoisted(() => vi.fn());
vi.mock('../pow/prove', () => ({ prove: proved }));

const challenge: Challenge = { algorithm: 'SHA-256', challenge: 'c0ffee', maxNumber: 9, salt: 's&', signature: '5e' };

function proofRequired(): ProblemError {
  return new ProblemError({
    kind: 'rateLimited',
    code: 'proof.required',
    message: 'Máy cần giải một phép tính.',
    retryAfterMs: 5_000,
    challenge,
  });
}

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
  proved.mockReset().mockResolvedValue('cHJvb2Y=');
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

  it('solves what the server asks for and sends the same question with the proof', async () => {
    vi.stubGlobal('fetch', vi.fn());
    const sent: QuestionSubmit[] = [];
    const onproof = vi.fn();
    const command = (_name: string, body: QuestionSubmit) => {
      sent.push(body);
      return body.proof ? Promise.resolve({ code: 'ABC' }) : Promise.reject(proofRequired());
    };
    const ok = await submitQuestion({ command } as Parameters<typeof submitQuestion>[0], 'c', question, onproof);
    expect(ok.code).toBe('ABC');
    expect(sent).toEqual([question, { ...question, proof: 'cHJvb2Y=' }]);
    expect(proved).toHaveBeenCalledWith(challenge);
    expect(onproof).toHaveBeenCalledOnce();
    expect(fetch).not.toHaveBeenCalled();
  });

  it('does so over HTTP too', async () => {
    const bodies: QuestionSubmit[] = [];
    vi.stubGlobal('fetch', (_path: string, init: RequestInit) => {
      const body = JSON.parse(String(init.body)) as QuestionSubmit;
      bodies.push(body);
      const refusal = { code: 'proof.required', title: 'Máy cần giải một phép tính.', challenge };
      return Promise.resolve(body.proof ? answer(201, { code: 'ABC', state: 'pending' }) : answer(429, refusal));
    });
    const asked = submitQuestion(socket(never), 'c', question);
    await vi.advanceTimersByTimeAsync(4_000);
    expect((await asked).code).toBe('ABC');
    expect(bodies.map((body) => body.proof)).toEqual([undefined, 'cHJvb2Y=']);
  });

  it('tells of the way round when proofs do not help', async () => {
    vi.stubGlobal('fetch', vi.fn());
    const asked = submitQuestion(socket(() => Promise.reject(proofRequired())), 'c', question);
    await expect(asked).rejects.toMatchObject({ problem: { code: 'proof.required', message: 'Máy cần giải một phép tính.' } });
    expect(proved).toHaveBeenCalledTimes(4);
  });

  it('tries again later when the device cannot solve', async () => {
    proved.mockRejectedValue(new Error('no solver'));
    const fetched = vi.fn(() => Promise.resolve(answer(201, { code: 'ABC', state: 'pending' })));
    vi.stubGlobal('fetch', fetched);
    const asked = submitQuestion(socket(() => Promise.reject(proofRequired())), 'c', question);
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await asked).code).toBe('ABC');
    expect(fetched).toHaveBeenCalledOnce();
  });
});
