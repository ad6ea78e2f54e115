// How loud a track is, for the level bar of the device check.

/** Meter measures one audio track. It never plays it. */
export class Meter {
  readonly #audio = new AudioContext();
  readonly #analyser = this.#audio.createAnalyser();
  readonly #samples: Float32Array<ArrayBuffer>;
  readonly #source: MediaStreamAudioSourceNode;

  constructor(track: MediaStreamTrack) {
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#source = this.#audio.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
    this.wake();
  }

  /** wake starts measuring; browsers hold it back until the page was touched. */
  wake(): void {
    this.#audio.resume().catch(() => undefined);
  }

  /** level is the loudness now, 0 (silence, −60 dB and below) to 1 (full scale). */
  level(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return loudness(this.#samples);
  }

  /** close frees the audio device. */
  close(): void {
    this.#source.disconnect();
    this.#audio.close().catch(() => undefined);
  }
}

/** loudness maps the root mean square of samples (−1…1) on a scale of 60 dB, 0…1. */
export function loudness(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += (samples[i] ?? 0) ** 2;
  if (sum === 0) return 0;
  const db = 10 * Math.log10(sum / samples.length);
  return Math.max(0, Math.min(1, (db + 60) / 60));
}
