// Talkback: the stage manager's microphone, heard in one hall only.

import { ProblemError, sentence } from '../live/problem';
import type { Live } from '../live/live.svelte';
import type { Media } from '../media/media.svelte';
import { stageWords } from '../i18n/stage';
import { toasts } from '../ui/toasts.svelte';

/** HOLD_MS: a press that is held longer ends with it; a shorter one goes on until the next. */
export const HOLD_MS = 400;

/** Talk is whom the stage manager talks to. */
export class Talk {
  readonly #live: Live;
  readonly #media: Media;
  #to = $state('');
  #track: MediaStreamTrack | undefined;
  #turn = 0;

  constructor(live: Live, media: Media) {
    this.#live = live;
    this.#media = media;
  }

  /** to is the venue that hears the stage manager; '' for none. */
  get to(): string {
    return this.#to;
  }

  /** toggle talks to a venue, or ends the talk with it. */
  async toggle(venue: string): Promise<void> {
    if (this.#to === venue) return this.end();
    await this.begin(venue);
  }

  /** begin asks for the microphone, now and not before, and lets the venue hear it. */
  async begin(venue: string): Promise<void> {
    this.#stop();
    const turn = ++this.#turn;
    this.#to = venue;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
      this.#track = stream.getAudioTracks()[0];
      if (this.#turn !== turn) return this.#silence(stream);
      await this.#live.socket.command('media.talk', { venue }, { again: false });
      // Sent only once the server knows for whom it is.
      if (this.#turn === turn) await this.#media.talk(this.#track);
      else this.#silence(stream);
    } catch (error) {
      if (this.#turn !== turn) return;
      this.end();
      toasts.show('error', error instanceof ProblemError ? sentence(error) : stageWords().venues.noMic);
    }
  }

  /** end closes the microphone, whoever ended the talk. */
  end(): void {
    if (this.#to === '') return;
    this.#turn++;
    this.#to = '';
    this.#stop();
    // Should this be lost, the server ends it with the socket.
    this.#live.socket.command('media.talk', { venue: '' }, { again: false }).catch(() => undefined);
  }

  #stop(): void {
    this.#track?.stop();
    this.#track = undefined;
    void this.#media.talk(undefined);
  }

  #silence(stream: MediaStream): void {
    for (const track of stream.getTracks()) track.stop();
  }
}
