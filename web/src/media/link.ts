// One PeerConnection to the media plane: offers once over the socket, comes back for ever.

import {
  askForSound,
  browserCapabilities,
  preferCodecs,
  slimOffer,
  tuneAnswer,
  type Capabilities,
} from './codecs';
import { ProblemError } from '../live/problem';
import { INITIAL, step, type Phase, type Recovery, type RecoveryEvent } from './recovery';
import { giveRelays, RELAY_MS, type IceServer } from './relay';
import { mapSlots, type PlannedSlot, type ReceiveSlot, type SlotNote, type SlotPlan } from './slots';
import { chooseLayers } from './send';
import { readStats, type LinkStats } from './stats';

/** MediaAnswer is the SDP answer, with what relays media that gets through no other way. */
export interface MediaAnswer {
  sdp: string;
  relays: readonly IceServer[];
}

/** MediaSignal carries offers to the server and answers back; the socket implements it. */
export interface MediaSignal {
  /** online tells whether an offer can be sent now. */
  online(): boolean;
  /** join sends media.join. Rejects with the refusal. */
  join(sdp: string): Promise<MediaAnswer>;
  /** restart sends media.restart. */
  restart(sdp: string): Promise<MediaAnswer>;
}

/** Clock makes timers; replaced in tests. */
export interface Clock {
  set(run: () => void, ms: number): number;
  clear(id: number): void;
}

/** windowClock is the browser's. */
export const windowClock: Clock = {
  set: (run, ms) => window.setTimeout(run, ms),
  clear: (id) => window.clearTimeout(id),
};

/** LinkConfig is what a Link needs; the last four have the browser's own as default. */
export interface LinkConfig {
  signal: MediaSignal;
  plan: SlotPlan;
  /** onChange is told of every change of phase, slots, or problem. */
  onChange: () => void;
  createPeer?: () => RTCPeerConnection;
  capabilities?: Capabilities;
  clock?: Clock;
  random?: () => number;
}

/** SendTracks are what goes up; null tracks leave their m-line out. */
export interface SendTracks {
  mic: MediaStreamTrack;
  camera: MediaStreamTrack;
  encodings: RTCRtpEncodingParameters[];
}

/** Link keeps one media connection. */
export class Link {
  readonly #config: Required<LinkConfig>;
  #recovery: Recovery = INITIAL;
  #peer: RTCPeerConnection | undefined;
  #planned: PlannedSlot[] = [];
  #talkback: RTCRtpSender | undefined;
  #notes: readonly SlotNote[] = [];
  #send: SendTracks | undefined;
  #wanted: readonly string[] | undefined;
  #choosing: Promise<unknown> = Promise.resolve();
  #timer: number | undefined;
  #relays: readonly IceServer[] = [];
  #relayTimer: number | undefined;
  #relayed = false;
  #problem: unknown;
  #joins = 0;

  constructor(config: LinkConfig) {
    this.#config = {
      createPeer: () => new RTCPeerConnection({ bundlePolicy: 'max-bundle' }),
      capabilities: browserCapabilities,
      clock: windowClock,
      random: Math.random,
      ...config,
    };
  }

  /** phase is where the connection stands. */
  get phase(): Phase {
    return this.#recovery.phase;
  }

  /** attempt counts the joins that failed in a row. */
  get attempt(): number {
    return this.#recovery.attempt;
  }

  /** problem is what the last refused offer was refused with; undefined when none was. */
  get problem(): unknown {
    return this.#problem;
  }

  /** joins counts the connections made so far (the first included). */
  get joins(): number {
    return this.#joins;
  }

  /** slots are the receive m-lines with what they show now. */
  get slots(): ReceiveSlot[] {
    return mapSlots(this.#planned, this.#notes);
  }

  /** start joins; with tracks it also sends. The Link never stops a track. */
  start(send?: SendTracks): void {
    this.#send = send;
    this.#problem = undefined;
    this.#on({ type: 'start' });
  }

  /** stop leaves for good. The tracks stay with their owner. */
  stop(): void {
    this.#on({ type: 'stop' });
  }

  /** nudge ends any waiting: the network or the socket is back. */
  nudge(): void {
    this.#on({ type: 'nudge' });
  }

  /** gone says the server forgot this connection (it started anew): join again now. */
  gone(): void {
    this.#on({ type: 'gone' });
  }

  /** setSlots takes the server's slots message. */
  setSlots(notes: readonly SlotNote[]): void {
    this.#notes = notes;
    this.#config.onChange();
  }

  /** setSend takes the layers of the camera that somebody needs, by rid; undefined: all. */
  setSend(wanted: readonly string[] | undefined): void {
    this.#wanted = wanted;
    this.#choose();
  }

  /** One change after the other: a browser takes parameters only as they were last read. */
  #choose(): void {
    this.#choosing = this.#choosing.then(async () => {
      const camera = this.#send?.camera;
      const sender = this.#peer?.getSenders().find((s) => camera !== undefined && s.track === camera);
      if (sender === undefined) return;
      // A connection that was closed meanwhile takes none.
      await chooseLayers(sender, this.#wanted).catch(() => undefined);
    });
  }

  /** replaceTracks changes camera or microphone without a new offer. */
  async replaceTracks(send: SendTracks): Promise<void> {
    const before = this.#send;
    this.#send = send;
    if (before === undefined) return;
    for (const sender of this.#peer?.getSenders() ?? []) {
      const track = sender.track;
      if (track === before.mic && send.mic !== before.mic) await sender.replaceTrack(send.mic);
      if (track === before.camera && send.camera !== before.camera) {
        await sender.replaceTrack(send.camera);
      }
    }
  }

  /** talk puts a microphone into the line that was offered for talkback, or takes it out. */
  async talk(track: MediaStreamTrack | undefined): Promise<void> {
    await this.#talkback?.replaceTrack(track ?? null);
  }

  /** stats reads the counters; undefined while there is no connection. */
  async stats(): Promise<LinkStats | undefined> {
    const peer = this.#peer;
    if (peer === undefined) return undefined;
    return readStats(await peer.getStats());
  }

  #on(event: RecoveryEvent): void {
    const before = this.#recovery;
    const { state, effect } = step(before, event, this.#config.random());
    this.#recovery = state;
    if (effect.timer !== undefined) this.#arm(effect.timer);
    if (effect.act === 'drop') this.#drop();
    if (effect.act === 'join') void this.#join();
    if (effect.act === 'restart') void this.#restart();
    if (state !== before) this.#config.onChange();
  }

  #arm(ms: number | null): void {
    if (this.#timer !== undefined) this.#config.clock.clear(this.#timer);
    this.#timer =
      ms === null
        ? undefined
        : this.#config.clock.set(() => {
            this.#timer = undefined;
            this.#on({ type: 'timer' });
          }, ms);
  }

  #drop(): void {
    this.#armRelay(undefined);
    const peer = this.#peer;
    this.#peer = undefined;
    this.#planned = [];
    this.#talkback = undefined;
    this.#notes = [];
    if (peer === undefined) return;
    peer.onconnectionstatechange = null;
    // close() ends the transceivers; the local tracks live on, they belong to the page.
    peer.close();
  }

  async #join(): Promise<void> {
    this.#drop();
    const peer = this.#config.createPeer();
    this.#peer = peer;
    this.#joins += 1;
    peer.onconnectionstatechange = () => {
      if (this.#peer === peer) this.#on({ type: 'peer', state: peer.connectionState });
    };
    // Who needed a relay once will need it again, while the credentials hold.
    if (this.#relayed) giveRelays(peer, this.#relays);
    try {
      this.#addLines(peer);
      await this.#negotiate(peer, (sdp) => this.#config.signal.join(sdp));
    } catch (error) {
      this.#refused(peer, error);
    }
  }

  async #restart(how: 'first' | 'again' = 'first'): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined) {
      this.#on({ type: 'gone' });
      return;
    }
    if (!this.#config.signal.online()) {
      this.#on({ type: 'unheard' }); // the socket says when it is back
      return;
    }
    try {
      await this.#negotiate(peer, (sdp) => this.#config.signal.restart(sdp), how);
    } catch (error) {
      this.#refused(peer, error);
    }
  }

  #refused(peer: RTCPeerConnection, error: unknown): void {
    if (this.#peer !== peer) return;
    this.#problem = error;
    this.#on({ type: isUnknown(error) ? 'gone' : 'failed' });
  }

  async #negotiate(
    peer: RTCPeerConnection,
    ask: (sdp: string) => Promise<MediaAnswer>,
    restart: 'no' | 'first' | 'again' = 'no',
  ): Promise<void> {
    const iceRestart = restart !== 'no';
    const offer = await peer.createOffer({ iceRestart });
    offer.sdp = askForSound(offer.sdp ?? '');
    await peer.setLocalDescription(offer);
    const answer = await ask(slimOffer(peer.localDescription?.sdp ?? offer.sdp ?? ''));
    if (this.#peer !== peer) return;
    await peer.setRemoteDescription({ type: 'answer', sdp: tuneAnswer(answer.sdp) });
    if (this.#peer !== peer) return;
    this.#problem = undefined;
    this.#relays = answer.relays;
    this.#choose();
    if (peer.connectionState !== 'connected') {
      // The credentials that were offered with may be too old to begin a relay again; whoever
      // needs one does not wait to see whether UDP or TCP stand.
      if (this.#relayed && restart !== 'again' && giveRelays(peer, answer.relays)) {
        await this.#restart('again');
        return;
      }
      if (answer.relays.length > 0) this.#armRelay(peer);
    }
    // A restart can end "connected" without a change of connectionState to tell of.
    if (iceRestart && peer.connectionState === 'connected') {
      this.#on({ type: 'peer', state: 'connected' });
    }
    this.#config.onChange();
  }

  /** armRelay gives UDP and TCP their time, then relays. */
  #armRelay(peer: RTCPeerConnection | undefined): void {
    if (this.#relayTimer !== undefined) this.#config.clock.clear(this.#relayTimer);
    this.#relayTimer =
      peer === undefined
        ? undefined
        : this.#config.clock.set(() => {
            this.#relayTimer = undefined;
            void this.#relay(peer);
          }, RELAY_MS);
  }

  async #relay(peer: RTCPeerConnection): Promise<void> {
    if (this.#peer !== peer || peer.connectionState === 'connected') return;
    if (!giveRelays(peer, this.#relays)) return;
    this.#relayed = true;
    await this.#restart('again');
  }

  /** The order of these lines is the contract with the server (docs/protocol.md). */
  #addLines(peer: RTCPeerConnection): void {
    const caps = this.#config.capabilities;
    const send = this.#send;
    if (send !== undefined) {
      const mic = peer.addTransceiver(send.mic, { direction: 'sendonly' });
      preferCodecs(mic, 'audio', caps);
      const camera = peer.addTransceiver(send.camera, {
        direction: 'sendonly',
        sendEncodings: send.encodings,
      });
      preferCodecs(camera, 'video', caps);
      keepResolution(camera.sender);
    } else if (this.#config.plan.talk === true) {
      const mic = peer.addTransceiver('audio', { direction: 'sendonly' });
      preferCodecs(mic, 'audio', caps);
      this.#talkback = mic.sender;
    }
    this.#planned = [];
    for (const media of ['video', 'audio'] as const) {
      for (const kind of this.#config.plan[media]) {
        const transceiver = peer.addTransceiver(media, { direction: 'recvonly' });
        preferCodecs(transceiver, media, caps);
        this.#planned.push({ transceiver, media, kind });
      }
    }
  }
}

/** isUnknown: the server has no such session any more. */
function isUnknown(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.code === 'media.unknown_session';
}

/**
 * keepResolution asks the encoder to give up pictures per second before size: a change of
 * size in mid-programme is a new decoder configuration for everybody.
 */
function keepResolution(sender: RTCRtpSender): void {
  const parameters = sender.getParameters();
  parameters.degradationPreference = 'maintain-resolution';
  sender.setParameters(parameters).catch(() => {
    // Not every browser has it; the picture is then smaller on a weak line, nothing worse.
  });
}
