// What a venue's page tells the server about its line.

import type { LineReport as Seen } from '../media/stats';
import type { LineReport, LineSign } from '../wire/wire.gen';

/** Around is what a report has besides the line. */
export interface Around {
  /** Height of the picture the camera gives, pixels. */
  wantedHeight: number;
  /** Loudest of the microphone since the last report, 0–1. */
  level: number;
  camera: string;
  mic: string;
  signs: readonly LineSign[];
}

const share = (n: number | undefined): number => Math.round(1000 * Math.min(1, Math.max(0, n ?? 0))) / 1000;
const whole = (n: number, most: number): number => Math.round(Math.min(most, Math.max(0, n)));

/** makeReport puts the last seconds into the words of the wire. */
export function makeReport(seen: Seen, around: Around): LineReport {
  return {
    upBits: whole(seen.up, 1e9),
    downBits: whole(seen.down, 1e9),
    lossUp: share(seen.lossUp),
    lossDown: share(seen.lossDown),
    rttMs: whole(seen.rttMs ?? 0, 60_000),
    jitterMs: whole(seen.jitterMs, 60_000),
    freezes: whole(seen.freezes, 1000),
    frozenMs: whole(seen.frozenMs, 60_000),
    windowMs: whole(seen.windowMs, 60_000),
    width: whole(seen.largest?.width ?? 0, 8192),
    height: whole(seen.largest?.height ?? 0, 8192),
    wantedHeight: whole(around.wantedHeight / seen.wantedScale, 8192),
    fps: whole(seen.largest?.rate ?? 0, 240),
    layers: whole(seen.layers, 8),
    limited: seen.limited,
    encoder: (seen.largest?.encoder ?? '').slice(0, 60),
    ...(seen.way === undefined ? {} : { way: seen.way }),
    level: whole(100 * around.level, 100),
    camera: around.camera.slice(0, 80),
    mic: around.mic.slice(0, 80),
    signs: [...around.signs],
  };
}
