import type { Challenge } from '../wire/wire.gen';
import { Search } from './search';
import type { Found } from './worker';

/** The main thread works this long at a time, ms, so that the page still answers. */
const SLICE_MS = 12;
const STEP = 200;

/** The part of a Worker that is needed. */
export interface Helper {
  onmessage: ((event: MessageEvent<Found>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(challenge: Challenge): void;
  terminate(): void;
}

function newWorker(): Helper {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
}

/** Has a worker find the number; rejects when there is no worker or it breaks. */
function inWorker(challenge: Challenge, start: () => Helper): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const worker = start();
    worker.onmessage = (event) => {
      worker.terminate();
      resolve(event.data.number);
    };
    worker.onerror = () => {
      worker.terminate();
      reject(new Error('the worker broke'));
    };
    worker.postMessage(challenge);
  });
}

/** Finds the number on the main thread, in slices. */
export async function inSlices(challenge: Challenge): Promise<number | undefined> {
  const search = new Search(challenge);
  while (!search.over) {
    const until = performance.now() + SLICE_MS;
    while (!search.over && performance.now() < until) {
      const number = search.step(STEP);
      if (number !== undefined) return number;
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  return undefined;
}

/**
 * Solves a challenge and returns the proof to send: base64 of ALTCHA's JSON. In a worker
 * where there are workers, on the main thread elsewhere. Throws when it cannot be solved.
 */
export async function prove(challenge: Challenge, start: () => Helper = newWorker): Promise<string> {
  let number: number | undefined;
  try {
    number = await inWorker(challenge, start);
  } catch {
    number = await inSlices(challenge);
  }
  if (number === undefined) throw new Error('the challenge has no solution');
  const { algorithm, challenge: hash, salt, signature } = challenge;
  return btoa(JSON.stringify({ algorithm, challenge: hash, number, salt, signature }));
}
