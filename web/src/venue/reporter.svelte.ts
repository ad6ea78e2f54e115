// Tells the server about this venue's line while its media are connected.

import type { Live } from '../live/live.svelte';
import type { Media } from '../media/media.svelte';
import type { LineSign } from '../wire/wire.gen';
import type { Devices } from './devices.svelte';
import { deviceSigns } from './devicesigns';
import { Lookout } from './lookout';
import { PictureWatch } from './picturewatch';
import { makeReport } from './report';

const LOOK_MS = 1_000;
const REPORT_MS = 5_000;
const STILL_MS = 10_000;

/** ReporterParts are what a Reporter looks at. */
export interface ReporterParts {
  conference: string;
  venue: string;
  live: Live;
  media: Media;
  devices: Devices;
}

/** Reporter watches camera and microphone, and reports. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #lookout = new Lookout();
  readonly #watch = new PictureWatch();
  #signs = $state.raw<readonly LineSign[]>([]);
  #loudest = 0;
  #camera: MediaStreamTrack | undefined;
  #reportedAt = 0;
  #stillAt = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  /** signs are what this page itself finds of its devices. */
  get signs(): readonly LineSign[] {
    return this.#signs;
  }

  /** start looks, and reports once the media are connected. */
  start(): void {
    this.#timer ??= setInterval(() => this.#look(Date.now()), LOOK_MS);
  }

  /** stop lets go of the camera. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#lookout.close();
  }

  #look(now: number): void {
    const { devices, media } = this.#parts;
    if (devices.camera !== this.#camera) {
      this.#camera = devices.camera;
      this.#watch.reset();
      this.#lookout.watch(this.#camera);
    }
    this.#loudest = Math.max(this.#loudest, devices.level);
    // Browsers stop drawing a page that is not in front: what it shows then proves nothing.
    const sample = document.hidden ? undefined : this.#lookout.sample();
    if (sample === undefined) this.#watch.reset();
    else this.#watch.take(sample);
    this.#signs = this.#findSigns();
    if (media.phase !== 'connected') return;
    if (now - this.#reportedAt >= REPORT_MS - LOOK_MS / 2) this.#report(now);
    if (now - this.#stillAt >= STILL_MS - LOOK_MS / 2) void this.#sendStill(now);
  }

  #findSigns(): LineSign[] {
    const { camera, mic } = this.#parts.devices.sent();
    const signs = deviceSigns(camera, mic);
    if (this.#parts.devices.moved) signs.push('deviceChanged');
    if (this.#watch.black && !camera.muted) signs.push('black');
    if (this.#watch.frozen && !camera.muted && !camera.test) signs.push('frozen');
    if (document.hidden) signs.push('hidden');
    return [...new Set(signs)];
  }

  #report(now: number): void {
    const { live, media, devices } = this.#parts;
    if (media.line === undefined) return;
    this.#reportedAt = now;
    const { camera, mic } = devices.sent();
    const report = makeReport(media.line, {
      wantedHeight: devices.height,
      level: this.#loudest,
      camera: camera.label,
      mic: mic.label,
      signs: this.#signs,
    });
    this.#loudest = 0;
    // A report that is lost is followed by another one.
    live.socket.command('line.report', report, { again: false }).catch(() => undefined);
  }

  async #sendStill(now: number): Promise<void> {
    if (document.hidden) return;
    this.#stillAt = now;
    const picture = await this.#lookout.still();
    if (picture === undefined) return;
    const { conference, venue } = this.#parts;
    const place = `/api/v1/conferences/${encodeURIComponent(conference)}/stills/${encodeURIComponent(venue)}`;
    try {
      await fetch(place, {
        method: 'POST',
        headers: { 'Content-Type': 'image/jpeg' },
        body: picture,
        credentials: 'same-origin',
        signal: AbortSignal.timeout(STILL_MS),
      });
    } catch {
      // The next one comes in ten seconds.
    }
  }
}
