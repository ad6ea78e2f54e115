// The recording in a video element: hls.js, fetched with the first recording, or the
// browser itself; the one file where there is neither.

import type Hls from 'hls.js';

/** RECOVER_MS is within how many ms a second broken picture is a failure. */
const RECOVER_MS = 5000;

/** What a source is made of. */
export interface SourceConfig {
  video: HTMLVideoElement;
  /** the path of the playlist */
  url: string;
  /** the path of the same as one file */
  mp4: string;
  /** seconds at which to begin */
  from: number;
  onFailed: () => void;
  load?: () => Promise<typeof Hls>;
}

/** Apple's browsers play HLS by themselves and well; others that say so do not choose sizes. */
const native = (video: HTMLVideoElement): boolean =>
  'getStartDate' in video && video.canPlayType('application/vnd.apple.mpegurl') !== '';

const library = async (): Promise<typeof Hls> => (await import('hls.js')).default;

/** Puts the recording into the element until the returned function is called. */
export function open(config: SourceConfig): () => void {
  const { video, url, mp4, from, onFailed, load = library } = config;
  let hls: Hls | undefined;
  let over = false;
  const failed = (): void => {
    if (!over) onFailed();
  };
  const plain = (address: string): void => {
    video.addEventListener('error', failed);
    video.src = from > 0 ? `${address}#t=${from}` : address;
  };
  if (native(video)) plain(url);
  else {
    load().then(
      (Library) => {
        if (over) return;
        if (!Library.isSupported()) {
          plain(mp4);
          return;
        }
        hls = begin(Library, video, url, from, failed);
      },
      failed,
    );
  }
  return () => {
    over = true;
    video.removeEventListener('error', failed);
    hls?.destroy();
    if (!video.hasAttribute('src')) return;
    video.removeAttribute('src');
    video.load();
  };
}

function begin(Library: typeof Hls, video: HTMLVideoElement, url: string, from: number, failed: () => void): Hls {
  // A worker made of text is against the page's content policy, and nothing here is transmuxed.
  const hls = new Library({ enableWorker: false, startPosition: from, backBufferLength: 60, maxBufferLength: 30, capLevelToPlayerSize: true });
  let recovered = 0;
  hls.on(Library.Events.ERROR, (_, data) => {
    if (!data.fatal) return;
    const now = Date.now();
    if (data.type === Library.ErrorTypes.MEDIA_ERROR && now - recovered > RECOVER_MS) {
      recovered = now;
      hls.recoverMediaError();
      return;
    }
    failed();
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return hls;
}
