// The test picture and tone: what a venue sends when it has no camera, may not use it, or
// wants to try the line first. Works over plain http too.

import type { VideoAsk } from './layers';

/** TestWords are the words on the picture, in the page's language. */
export interface TestWords {
  /** The venue's name. */
  venue: string;
  /** What this picture is ("Hình thử"). */
  title: string;
}

/** TestSource is a running test picture and tone; stop ends both tracks. */
export interface TestSource {
  readonly camera: MediaStreamTrack;
  readonly mic: MediaStreamTrack;
  /** wake lets the tone sound: browsers hold it back until the page was touched. */
  wake(): void;
  stop(): void;
}

const BARS = ['#f2f2f2', '#e8c547', '#43b5a0', '#5fa55a', '#b65a9c', '#c4473a', '#3b5ba5'];

/** startTestSource draws at the asked size and plays a soft 440 Hz tone. */
export function startTestSource(ask: VideoAsk, words: () => TestWords): TestSource {
  const picture = drawPicture(ask, words);
  const tone = playTone();
  return {
    camera: picture.track,
    mic: tone.track,
    wake: tone.wake,
    stop() {
      picture.stop();
      tone.stop();
    },
  };
}

function drawPicture(ask: VideoAsk, words: () => TestWords) {
  const canvas = document.createElement('canvas');
  canvas.width = ask.width;
  canvas.height = ask.height;
  const pen = canvas.getContext('2d', { alpha: false });
  const track = canvas.captureStream(ask.rate).getVideoTracks()[0];
  if (pen === null || track === undefined) throw new Error('this browser cannot draw a picture');
  track.contentHint = 'motion';
  let frame = 0;
  const background = paintBackground(ask);
  const draw = (): void => {
    frame += 1;
    pen.drawImage(background, 0, 0);
    paintMoving(pen, ask, words(), frame);
  };
  draw();
  const stopTicking = tick(draw, 1000 / ask.rate);
  return {
    track,
    stop() {
      stopTicking();
      track.stop();
    },
  };
}

/** Everything that stands still is painted once. */
function paintBackground(ask: VideoAsk): HTMLCanvasElement {
  const still = document.createElement('canvas');
  still.width = ask.width;
  still.height = ask.height;
  const pen = still.getContext('2d', { alpha: false });
  if (pen === null) return still;
  const { width: w, height: h } = ask;
  pen.fillStyle = '#10233d';
  pen.fillRect(0, 0, w, h);
  BARS.forEach((colour, i) => {
    pen.fillStyle = colour;
    pen.fillRect((w * i) / BARS.length, 0, Math.ceil(w / BARS.length), h * 0.22);
  });
  return still;
}

function paintMoving(
  pen: CanvasRenderingContext2D,
  ask: VideoAsk,
  words: TestWords,
  frame: number,
): void {
  const { width: w, height: h } = ask;
  const font = (size: number, weight = 600): string =>
    `${weight} ${Math.round(h * size)}px system-ui, sans-serif`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillStyle = '#ffffff';
  pen.font = font(0.12, 700);
  pen.fillText(words.venue, w / 2, h * 0.42, w * 0.94);
  pen.fillStyle = '#c8d6e8';
  pen.font = font(0.06);
  pen.fillText(words.title, w / 2, h * 0.56, w * 0.94);
  pen.fillStyle = '#ffffff';
  pen.font = `700 ${Math.round(h * 0.11)}px ui-monospace, monospace`;
  pen.fillText(`${HANOI.format(new Date())}  ${String(frame).padStart(6, '0')}`, w / 2, h * 0.72, w * 0.94);
  const span = w * 0.86;
  const at = w * 0.07 + (span * (frame % (ask.rate * 4))) / (ask.rate * 4);
  pen.fillStyle = '#2b4466';
  pen.fillRect(w * 0.07, h * 0.86, span, h * 0.03);
  pen.fillStyle = '#e8c547';
  pen.fillRect(at, h * 0.84, w * 0.02, h * 0.07);
}

// All pages tell the time of Hanoi, whatever the computer's own zone.
const HANOI = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Asia/Ho_Chi_Minh',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

function tick(run: () => void, everyMs: number): () => void {
  try {
    const worker = new Worker(new URL('./tick.worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = run;
    worker.postMessage(everyMs);
    return () => worker.terminate();
  } catch {
    const timer = setInterval(run, everyMs);
    return () => clearInterval(timer);
  }
}

function playTone() {
  const audio = new AudioContext();
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  const out = audio.createMediaStreamDestination();
  oscillator.frequency.value = 440;
  // −26 dB: heard, and kind to whoever wears headphones.
  volume.gain.value = 0.05;
  oscillator.connect(volume).connect(out);
  oscillator.start();
  const track = out.stream.getAudioTracks()[0];
  if (track === undefined) throw new Error('this browser cannot make a tone');
  return {
    track,
    wake(): void {
      // Refused until the page is touched; the next wake tries again.
      audio.resume().catch(() => undefined);
    },
    stop(): void {
      oscillator.stop();
      track.stop();
      audio.close().catch(() => undefined);
    },
  };
}
