// Looks at the camera's picture: small samples for the watch, stills for the stage.

import { SAMPLE } from './picturewatch';
import { cover, encodeSmall, STILL } from './stillmaker';

/** Lookout draws one camera track; it never shows it. */
export class Lookout {
  readonly #video = document.createElement('video');
  readonly #small = surface(SAMPLE);
  readonly #still = surface(STILL);
  #track: MediaStreamTrack | undefined;

  constructor() {
    this.#video.muted = true;
    this.#video.playsInline = true;
  }

  /** watch changes the camera. */
  watch(track: MediaStreamTrack | undefined): void {
    if (track === this.#track) return;
    this.#track = track;
    this.#video.srcObject = track === undefined ? null : new MediaStream([track]);
    if (track !== undefined) this.#video.play().catch(() => undefined); // muted: it may always play
  }

  /** sample returns the picture as it is now, RGBA; undefined while there is none. */
  sample(): Uint8ClampedArray | undefined {
    if (!this.#ready()) return undefined;
    const pen = this.#small?.pen;
    pen?.drawImage(this.#video, 0, 0, SAMPLE.width, SAMPLE.height);
    return pen?.getImageData(0, 0, SAMPLE.width, SAMPLE.height).data;
  }

  /** still returns the picture as a small JPEG; undefined while there is none. */
  async still(): Promise<Blob | undefined> {
    const to = this.#still;
    if (!this.#ready() || to === undefined) return undefined;
    const part = cover({ width: this.#video.videoWidth, height: this.#video.videoHeight }, STILL);
    to.pen.drawImage(this.#video, part.x, part.y, part.width, part.height, 0, 0, STILL.width, STILL.height);
    return encodeSmall((quality) => new Promise((done) => to.canvas.toBlob(done, 'image/jpeg', quality)));
  }

  /** close lets go of the camera. */
  close(): void {
    this.watch(undefined);
  }

  #ready(): boolean {
    return this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && this.#video.videoWidth > 0;
  }
}

function surface(size: { width: number; height: number }): { canvas: HTMLCanvasElement; pen: CanvasRenderingContext2D } | undefined {
  const canvas = document.createElement('canvas');
  canvas.width = size.width;
  canvas.height = size.height;
  const pen = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  return pen === null ? undefined : { canvas, pen };
}
