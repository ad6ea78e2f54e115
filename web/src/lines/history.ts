// A venue's last half hour, and the shape of its curves.

import { call } from '../rest/api';
import type { LineGrade } from '../wire/wire.gen';

/** LineSample is one point of GET …/lines/{venue}. */
export interface LineSample {
  at: string;
  grade: LineGrade;
  upBits: number;
  downBits: number;
  lossUp: number;
  lossDown: number;
  rttMs: number;
  jitterMs: number;
  frozenMs: number;
  height: number;
  level: number;
}

const base = (conference: string): string => `/api/v1/conferences/${encodeURIComponent(conference)}`;

/** csvOf is where all venues' figures can be saved from. */
export function csvOf(conference: string): string {
  return `${base(conference)}/lines.csv`;
}

/** stillOf is a venue's latest picture; `at` makes a new address of each. */
export function stillOf(conference: string, venue: string, at: number): string {
  return `${base(conference)}/stills/${encodeURIComponent(venue)}?at=${at}`;
}

/** history asks for a venue's samples, oldest first. Throws a ProblemError. */
export async function history(conference: string, venue: string): Promise<readonly LineSample[]> {
  const got = await call<{ samples: LineSample[] }>('GET', `${base(conference)}/lines/${encodeURIComponent(venue)}`);
  return got.samples;
}

/** Span is the time a curve covers, ms: half an hour. */
const SPAN_MS = 30 * 60_000;
/** A hole longer than this is not drawn over. */
const HOLE_MS = 20_000;

/**
 * curve is the path of values over the last half hour in a box of 100 × 100, 0 at the bottom;
 * `top` is the value at its upper edge. Holes stay holes.
 */
export function curve(samples: readonly LineSample[], value: (s: LineSample) => number, top: number, now: number): string {
  let path = '';
  let before = Number.NEGATIVE_INFINITY;
  for (const sample of samples) {
    const at = Date.parse(sample.at);
    const x = 100 - (100 * (now - at)) / SPAN_MS;
    if (x < 0) continue;
    const y = 100 - 100 * Math.min(1, Math.max(0, value(sample) / top));
    path += `${at - before > HOLE_MS ? 'M' : 'L'}${x.toFixed(2)} ${y.toFixed(1)}`;
    before = at;
  }
  return path;
}

/** Stretch is a time with one grade, in hundredths of the half hour. */
export interface Stretch {
  grade: LineGrade;
  from: number;
  width: number;
}

/** stretches joins samples of the same grade. */
export function stretches(samples: readonly LineSample[], now: number, everyMs = 5_000): Stretch[] {
  const out: (Stretch & { end: number })[] = [];
  for (const { at, grade } of samples) {
    const x = 100 - (100 * (now - Date.parse(at))) / SPAN_MS;
    const end = Math.min(100, x + (100 * everyMs) / SPAN_MS);
    if (end <= 0) continue;
    const last = out.at(-1);
    if (last !== undefined && last.grade === grade && x - last.end < (100 * HOLE_MS) / SPAN_MS) last.end = end;
    else out.push({ grade, from: Math.max(0, x), width: 0, end });
  }
  return out.map(({ grade, from, end }) => ({ grade, from, width: end - from }));
}
