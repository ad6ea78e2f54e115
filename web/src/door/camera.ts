import type { Picture } from './decode.worker';

/** How often a picture is looked at; a decoder that is slower is not hurried. */
const EVERY_MS = 120;
/** The same ticket is read again only when it was out of sight this long. */
const SAME_AFTER_MS = 2500;
/** The side of the square that is looked at, px: enough for a code held at arm's length. */
const SIDE = 480;

/** Finds a QR code in what a video shows; "" when there is none. */
type Reader = (video: HTMLVideoElement) => Promise<string>;

interface Detector {
  detect(from: CanvasImageSource): Promise<{ rawValue: string }[]>;
}

interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

declare global {
  interface Window {
    BarcodeDetector?: DetectorClass;
  }
}

/** The browser's own detector where there is one. */
async function native(): Promise<Reader | undefined> {
  const Kind = window.BarcodeDetector;
  if (!Kind || !(await Kind.getSupportedFormats().catch((): string[] => [])).includes('qr_code')) return undefined;
  const detector = new Kind({ formats: ['qr_code'] });
  return async (video) => (await detector.detect(video))[0]?.rawValue ?? '';
}

/** Else a decoder in a worker, fetched when the camera is first used. */
function inWorker(): { read: Reader; stop: () => void } {
  const worker = new Worker(new URL('./decode.worker.ts', import.meta.url), { type: 'module' });
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const read: Reader = (video) =>
    new Promise((resolve, reject) => {
      if (!context) return resolve('');
      const side = Math.min(video.videoWidth, video.videoHeight);
      const left = (video.videoWidth - side) / 2;
      const top = (video.videoHeight - side) / 2;
      context.drawImage(video, left, top, side, side, 0, 0, SIDE, SIDE);
      const { data } = context.getImageData(0, 0, SIDE, SIDE);
      worker.onmessage = (event: MessageEvent<string>) => resolve(event.data);
      worker.onerror = () => reject(new Error('the decoder stopped'));
      const picture: Picture = { data, width: SIDE, height: SIDE };
      worker.postMessage(picture, [data.buffer]);
    });
  return { read, stop: () => worker.terminate() };
}

/** Why there is no camera. */
export type CameraFault = 'denied' | 'none' | 'insecure';

/** Shows the camera in a video and tells every ticket it sees, until it is stopped. */
export class Camera {
  #stream: MediaStream | undefined;
  #stopDecoder: (() => void) | undefined;
  #timer = 0;
  #read = '';
  #readAt = -Infinity;

  /** Resolves when the picture is there, or to why it is not. */
  async start(video: HTMLVideoElement, take: (read: string) => void): Promise<CameraFault | undefined> {
    if (!navigator.mediaDevices) return 'insecure';
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 720 } },
      });
    } catch (error) {
      return error instanceof DOMException && error.name === 'NotAllowedError' ? 'denied' : 'none';
    }
    video.srcObject = this.#stream;
    await video.play().catch(() => undefined);
    const own = (await native()) ?? this.#decoder();
    const look = async (): Promise<void> => {
      if (!this.#stream) return;
      const read = video.videoWidth > 0 ? await own(video).catch(() => '') : '';
      if (read) this.#saw(read, take);
      if (this.#stream) this.#timer = window.setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return undefined;
  }

  #decoder(): Reader {
    const { read, stop } = inWorker();
    this.#stopDecoder = stop;
    return read;
  }

  #saw(read: string, take: (read: string) => void): void {
    const now = performance.now();
    const again = read === this.#read && now - this.#readAt < SAME_AFTER_MS;
    this.#read = read;
    this.#readAt = now;
    if (!again) take(read);
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#stopDecoder?.();
    this.#stopDecoder = undefined;
  }
}
