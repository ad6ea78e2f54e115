// What a venue sends: camera and microphone, or the test picture and tone in their place.

import {
  actualAsk,
  capture,
  listDevices,
  type CaptureProblem,
  type Choice,
  type Devices as DeviceList,
} from '../media/capture';
import { sendEncodings, type VideoAsk } from '../media/layers';
import type { SendTracks } from '../media/link';
import { Meter } from '../media/meter';
import { startTestSource, type TestSource, type TestWords } from '../media/testcard';
import { defaultChanged, type Sent } from './devicesigns';

const STORED = 'diemcau.venue.devices';
const METER_MS = 100;

/** Source is what the operator asked to send. */
export type Source = 'devices' | 'test';

interface Stored {
  source: Source;
  choice: Choice;
}

/** Devices opens, changes and closes what a venue sends. It is the owner of the tracks. */
export class Devices {
  readonly #ask: VideoAsk;
  readonly #words: () => TestWords;
  #source = $state<Source>('devices');
  #choice = $state.raw<Choice>({ camera: '', mic: '' });
  #list = $state.raw<DeviceList>({ cameras: [], mics: [] });
  #camera = $state.raw<MediaStreamTrack | undefined>(undefined);
  #mic = $state.raw<MediaStreamTrack | undefined>(undefined);
  #cameraProblem = $state<CaptureProblem | undefined>(undefined);
  #micProblem = $state<CaptureProblem | undefined>(undefined);
  #opening = $state(false);
  #level = $state(0);
  #moved = $state(false);
  #own: MediaStreamTrack[] = [];
  #test: TestSource | undefined;
  #meter: Meter | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #turn = 0;

  constructor(ask: VideoAsk, words: () => TestWords) {
    this.#ask = ask;
    this.#words = words;
    const stored = recall();
    this.#source = stored.source;
    this.#choice = stored.choice;
  }

  /** source is what the operator chose. */
  get source(): Source {
    return this.#source;
  }

  /** choice is which devices; '' is the browser's own. */
  get choice(): Choice {
    return this.#choice;
  }

  /** list is what there is to choose from. */
  get list(): DeviceList {
    return this.#list;
  }

  /** camera is the picture that is or would be sent; undefined while opening. */
  get camera(): MediaStreamTrack | undefined {
    return this.#camera;
  }

  /** cameraProblem is why the test picture stands in; undefined when it does not. */
  get cameraProblem(): CaptureProblem | undefined {
    return this.#source === 'test' ? undefined : this.#cameraProblem;
  }

  /** micProblem is why the test tone stands in; undefined when it does not. */
  get micProblem(): CaptureProblem | undefined {
    return this.#source === 'test' ? undefined : this.#micProblem;
  }

  /** opening is true while the browser asks the operator. */
  get opening(): boolean {
    return this.#opening;
  }

  /** level is the loudness of the microphone, 0–1, ten times a second. */
  get level(): number {
    return this.#level;
  }

  /** moved: the system's own device is another one by now. */
  get moved(): boolean {
    return this.#moved;
  }

  /** height of the picture the camera gives, pixels; 0 while there is none. */
  get height(): number {
    return this.#camera === undefined ? 0 : (this.#camera.getSettings().height ?? this.#ask.height);
  }

  /** sent are camera and microphone as they are open now. */
  sent(): { camera: Sent; mic: Sent } {
    return { camera: this.#sent(this.#camera, this.#choice.camera), mic: this.#sent(this.#mic, this.#choice.mic) };
  }

  #sent(track: MediaStreamTrack | undefined, chosen: string): Sent {
    const test = track === undefined || !this.#own.includes(track);
    if (test) return { label: '', deviceId: '', chosen, test, muted: false };
    return { label: track.label, deviceId: track.getSettings().deviceId ?? '', chosen, test, muted: track.muted };
  }

  /** Whether what the browser calls its default device is still the one that is open. */
  #lookForDefault(): void {
    const { camera, mic } = this.sent();
    const openGroup = (track: MediaStreamTrack | undefined): string => track?.getSettings().groupId ?? '';
    const now = this.#list.mics.find((d) => d.deviceId === 'default')?.groupId ?? '';
    const unplugged = !camera.test && camera.deviceId !== '' && this.#list.cameras.every((d) => d.deviceId !== camera.deviceId) && this.#list.cameras.length > 0;
    this.#moved = unplugged || defaultChanged(mic, openGroup(this.#mic), now);
  }

  /** open starts what the operator chose; again after every change. */
  async open(): Promise<void> {
    const turn = ++this.#turn;
    this.#opening = true;
    const got =
      this.#source === 'test'
        ? { camera: undefined, mic: undefined, cameraProblem: undefined, micProblem: undefined }
        : await capture(this.#choice, this.#ask);
    if (turn !== this.#turn) {
      // Another change came while the browser asked: this answer is of no use any more.
      got.camera?.stop();
      got.mic?.stop();
      return;
    }
    const before = this.#own;
    this.#own = [got.camera, got.mic].filter((t) => t !== undefined);
    this.#cameraProblem = got.cameraProblem;
    this.#micProblem = got.micProblem;
    this.#fill(got.camera, got.mic);
    for (const track of before) track.stop();
    for (const track of this.#own) track.onended = () => void this.open();
    this.#opening = false;
    this.#list = await listDevices();
    this.#lookForDefault();
  }

  /** choose takes other devices, or the test picture. */
  async choose(source: Source, choice: Choice = this.#choice): Promise<void> {
    this.#source = source;
    this.#choice = choice;
    remember({ source, choice });
    await this.open();
  }

  /** refresh reads the list anew, after something was plugged in or out. */
  async refresh(): Promise<void> {
    this.#list = await listDevices();
    this.#lookForDefault();
    const hoped = this.#source === 'devices';
    if (hoped && (this.#cameraProblem === 'missing' || this.#micProblem === 'missing')) {
      await this.open();
    }
  }

  /** wake lets tone and meter run; call it from a press of the operator. */
  wake(): void {
    this.#test?.wake();
    this.#meter?.wake();
  }

  /** tracks are what to send now; undefined while nothing is open. */
  tracks(): SendTracks | undefined {
    if (this.#camera === undefined || this.#mic === undefined) return undefined;
    const actual = this.#own.includes(this.#camera)
      ? actualAsk(this.#camera, this.#ask)
      : this.#ask;
    return { camera: this.#camera, mic: this.#mic, encodings: sendEncodings(actual) };
  }

  /** close gives camera and microphone back. */
  close(): void {
    this.#turn += 1;
    clearInterval(this.#timer);
    this.#meter?.close();
    this.#test?.stop();
    for (const track of this.#own) {
      track.onended = null;
      track.stop();
    }
    this.#own = [];
    this.#meter = undefined;
    this.#test = undefined;
    this.#camera = undefined;
    this.#mic = undefined;
  }

  /** What is missing is filled from the test picture and tone. */
  #fill(camera: MediaStreamTrack | undefined, mic: MediaStreamTrack | undefined): void {
    const before = this.#test;
    if (camera === undefined || mic === undefined) {
      this.#test ??= startTestSource(this.#ask, this.#words);
    } else this.#test = undefined;
    this.#camera = camera ?? this.#test?.camera;
    const heard = mic ?? this.#test?.mic;
    if (heard !== this.#mic) this.#measure(heard);
    this.#mic = heard;
    if (this.#test === undefined) before?.stop();
  }

  #measure(mic: MediaStreamTrack | undefined): void {
    clearInterval(this.#timer);
    this.#meter?.close();
    this.#meter = mic === undefined ? undefined : new Meter(mic);
    this.#timer = setInterval(() => (this.#level = this.#meter?.level() ?? 0), METER_MS);
  }
}

function recall(): Stored {
  const fresh: Stored = { source: 'devices', choice: { camera: '', mic: '' } };
  try {
    const stored = JSON.parse(localStorage.getItem(STORED) ?? 'null') as Partial<Stored> | null;
    if (stored === null) return fresh;
    return {
      source: stored.source === 'test' ? 'test' : 'devices',
      choice: { camera: stored.choice?.camera ?? '', mic: stored.choice?.mic ?? '' },
    };
  } catch {
    return fresh;
  }
}

function remember(stored: Stored): void {
  try {
    localStorage.setItem(STORED, JSON.stringify(stored));
  } catch {
    // Storage may be blocked: the choice then lasts until the page is closed.
  }
}
