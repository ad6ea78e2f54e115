// One venue's page: its place in the conference, what it sends, and what it may do.

import { Live } from '../live/live.svelte';
import { sentence } from '../live/problem';
import { venueName } from '../live/reduce';
import type { VideoAsk } from '../media/layers';
import { Media } from '../media/media.svelte';
import { venuePlan } from '../media/slots';
import { toasts } from '../ui/toasts.svelte';
import type { SessionInfo } from '../session/session.svelte';
import type { CommandName, Commands, OK, Venue } from '../wire/wire.gen';
import { venueWords } from '../i18n/venue';
import { LineBoard } from '../lines/board.svelte';
import { Devices } from './devices.svelte';
import { Reporter } from './reporter.svelte';
import { tallyOf, turnsBefore, type Tally } from './tally';

/** Desk is the state of the venue page. */
export class Desk {
  /** Id of the conference. */
  readonly conferenceId: string;
  readonly venue: string;
  readonly live: Live;
  readonly media: Media;
  readonly devices: Devices;
  /** lines has this venue's own line, as the server judges it. */
  readonly lines = new LineBoard();
  readonly reporter: Reporter;
  readonly wantedUp: () => number;
  #entered = $state(false);
  #sound = $state(false);
  #busy = $state<CommandName | ''>('');

  constructor(session: SessionInfo, ask: VideoAsk) {
    this.conferenceId = session.conference;
    this.venue = session.venue ?? '';
    this.live = new Live({
      conference: session.conference,
      role: 'venue',
      venue: this.venue,
      onMessage: (message) => this.lines.take(message),
    });
    this.media = new Media(this.live, venuePlan);
    this.devices = new Devices(ask, () => ({
      venue: this.name,
      title: venueWords().check.test,
    }));
    this.reporter = new Reporter({
      conference: this.conferenceId,
      venue: this.venue,
      live: this.live,
      media: this.media,
      devices: this.devices,
    });
    this.wantedUp = () =>
      this.devices.tracks()?.encodings.reduce((sum, e) => sum + (e.maxBitrate ?? 0), 0) ?? 0;
    this.#entered = sessionStorage.getItem(this.#key) === 'in';
  }

  /** name is the venue's name; its id until the first snapshot. */
  get name(): string {
    const view = this.live.view;
    return (view && venueName(view.conference, this.venue)) || this.venue;
  }

  /** me is this venue's place on the floor. */
  get me(): Venue | undefined {
    return this.live.view?.venues.get(this.venue);
  }

  /** isMain tells City Hall from the halls. */
  get isMain(): boolean {
    return this.live.view?.floor.main === this.venue;
  }

  /** isReady tells whether the operator has consented to being put on air. */
  get isReady(): boolean {
    const state = this.me?.state;
    return state !== undefined && state !== 'offline' && state !== 'connected';
  }

  /** entered tells the check from the room. */
  get entered(): boolean {
    return this.#entered;
  }

  /** sound tells whether the loudspeakers are on; off at first so that nothing howls. */
  get sound(): boolean {
    return this.#sound;
  }

  /** busy is the command under way; '' when none. */
  get busy(): CommandName | '' {
    return this.#busy;
  }

  /** tally is the venue's light. */
  get tally(): Tally {
    return this.live.view === null ? 'off' : tallyOf(this.live.view, this.venue);
  }

  /** ahead is how many turns come before this venue; undefined while its hand is down. */
  get ahead(): number | undefined {
    return this.live.view === null ? undefined : turnsBefore(this.live.view, this.venue);
  }

  /** open connects the socket and the devices; a page that was in the room goes back there. */
  async open(): Promise<void> {
    this.live.socket.start();
    this.reporter.start();
    await this.devices.open();
    if (this.#entered) this.#send();
  }

  /** close leaves everything. */
  close(): void {
    this.reporter.stop();
    this.media.stop();
    this.live.socket.stop();
    this.devices.close();
  }

  /** enter sends picture and sound to the server; nobody sees them before Ready. */
  enter(): void {
    this.devices.wake();
    this.#entered = true;
    sessionStorage.setItem(this.#key, 'in');
    this.#send();
  }

  /** leave goes back to the check. */
  async leave(): Promise<void> {
    if (this.isReady) await this.command('venue.notReady', {});
    this.#entered = false;
    sessionStorage.removeItem(this.#key);
    this.media.stop();
  }

  /** changed passes other devices on to the running connection. */
  async changed(): Promise<void> {
    const tracks = this.devices.tracks();
    if (tracks !== undefined && this.#entered) await this.media.replace(tracks);
  }

  /** setSound turns the loudspeakers on or off. */
  setSound(on: boolean): void {
    this.#sound = on;
    if (on) this.devices.wake();
  }

  /** command asks the server, one at a time; a refusal is shown in words. */
  async command<N extends CommandName>(name: N, data: Commands[N]): Promise<OK | undefined> {
    if (this.#busy !== '') return undefined;
    this.#busy = name;
    try {
      return await this.live.socket.command(name, data);
    } catch (error) {
      toasts.show('error', sentence(error));
      return undefined;
    } finally {
      this.#busy = '';
    }
  }

  get #key(): string {
    return `diemcau.venue.${this.venue}`;
  }

  #send(): void {
    const tracks = this.devices.tracks();
    if (tracks !== undefined) this.media.start(tracks);
  }
}
