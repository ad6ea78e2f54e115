import { language } from '../i18n/language.svelte';
import { ProblemError } from '../live/problem';
import type { Challenge, ProblemKind } from '../wire/wire.gen';

const WITHIN_MS = 15_000;

const kinds: Record<number, ProblemKind> = {
  400: 'invalid',
  401: 'unauthorised',
  403: 'forbidden',
  404: 'notFound',
  405: 'invalid',
  409: 'conflict',
  410: 'notFound',
  413: 'tooLarge',
  422: 'invalid',
  429: 'rateLimited',
};

/** RFC 9457, with the stable code of ours. */
interface ProblemDocument {
  code?: unknown;
  detail?: unknown;
  title?: unknown;
  challenge?: unknown;
}

function words(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isChallenge(value: unknown): value is Challenge {
  if (typeof value !== 'object' || value === null) return false;
  const challenge = value as Partial<Record<keyof Challenge, unknown>>;
  return (
    typeof challenge.algorithm === 'string' &&
    typeof challenge.challenge === 'string' &&
    typeof challenge.maxNumber === 'number' &&
    typeof challenge.salt === 'string' &&
    typeof challenge.signature === 'string'
  );
}

/** The refusal that a response is. */
async function refusal(response: Response): Promise<ProblemError> {
  let document: ProblemDocument = {};
  try {
    document = (await response.json()) as ProblemDocument;
  } catch {
    // Not our server's words (a proxy's page, say): the status has to do.
  }
  const code = words(document.code) || `http.${response.status}`;
  // What is wrong with a conference can be said only by naming it.
  const detail = code === 'conference.bad_info' && words(document.detail) ? ` (${words(document.detail)})` : '';
  return new ProblemError({
    kind: kinds[response.status] ?? 'unavailable',
    code,
    message: words(document.title) + detail,
    retryAfterMs: Number(response.headers.get('Retry-After') ?? 0) * 1000,
    ...(isChallenge(document.challenge) ? { challenge: document.challenge } : {}),
  });
}

/** What was answered: value is undefined for 202 and 204. */
export interface Answered<T> {
  value: T;
  response: Response;
}

/** Asks and reads the answer. Throws a ProblemError, with code "page.connection_lost" when there was none. */
async function exchange<T>(method: string, path: string, body: unknown, withinMs: number, read: (response: Response) => Promise<T>): Promise<Answered<T>> {
  const file = body instanceof Blob;
  const headers = new Headers({ 'Accept-Language': language.code });
  if (body !== undefined) headers.set('Content-Type', file ? 'application/octet-stream' : 'application/json');
  try {
    const response = await fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: file ? body : JSON.stringify(body) }),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(withinMs),
    });
    if (!response.ok) throw await refusal(response);
    return { value: await read(response), response };
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError({ kind: 'unavailable', code: 'page.connection_lost', message: '' });
  }
}

/** Asks the REST API, with a file as it is and anything else as JSON. The caller names the type of the answer. */
export function ask<T>(method: string, path: string, body?: unknown, withinMs = WITHIN_MS): Promise<Answered<T>> {
  const read = async (response: Response) => (response.status === 202 || response.status === 204 ? undefined : await response.json()) as T;
  return exchange(method, path, body, withinMs, read);
}

/** The value of what ask is answered. */
export async function call<T>(method: string, path: string, body?: unknown, withinMs = WITHIN_MS): Promise<T> {
  return (await ask<T>(method, path, body, withinMs)).value;
}

/** Asks for a file. */
export async function callFile(method: string, path: string, body: unknown, withinMs: number): Promise<Blob> {
  return (await exchange(method, path, body, withinMs, (response) => response.blob())).value;
}
