// The public player's connection: WHEP (draft-ietf-wish-whep) of the programme.

import { browserCapabilities, canReceiveH264, preferCodecs, type Capabilities } from './codecs';
import { windowClock, type Clock } from './link';
import { BACKOFF_MAX_MS, backoff, UNSTEADY_MS } from './recovery';
import { giveRelays, linkedRelays, RELAY_MS, type IceServer } from './relay';
import { applyRestart, restartFragment } from './sdpfrag';
import { readStats, type LinkStats } from './stats';

/** WhepPhase is where the player stands. full and unavailable try again by themselves. */
export type WhepPhase =
  | 'idle'
  | 'joining'
  | 'playing'
  | 'reconnecting'
  | 'full' // the server has no place left: it said when to ask again
  | 'closed' // the conference is not running, or not public
  | 'no_h264' // this browser cannot decode the picture
  | 'stopped';

/** WhepConfig is what a WhepClient needs; both is false and the last four have the browser's own as default. */
export interface WhepConfig {
  /** /api/v1/conferences/{conference}/whep */
  url: string;
  onChange: () => void;
  /** Has a place for the programme's second picture as well. */
  both?: boolean;
  createPeer?: () => RTCPeerConnection;
  capabilities?: Capabilities;
  fetch?: typeof fetch;
  clock?: Clock;
  random?: () => number;
}

/** Milliseconds an answer may take before another try. */
const JOIN_GUARD_MS = 15_000;
const RESTART_GUARD_MS = 6_000;
/** Milliseconds between looks at a conference that is not running. */
const CLOSED_MS = 15_000;

/** WhepClient plays the programme until it is stopped. */
export class WhepClient {
  readonly #config: Required<WhepConfig>;
  #phase: WhepPhase = 'idle';
  #peer: RTCPeerConnection | undefined;
  #stream: MediaStream | undefined;
  #second: MediaStream | undefined;
  #beside: RTCRtpTransceiver | undefined;
  #location: string | undefined;
  #attempt = 0;
  #retryAt = 0;
  #timer: number | undefined;
  #relays: readonly IceServer[] = [];
  #relayTimer: number | undefined;
  #relayed = false;
  /** Asks to be sent to no edge: the last one it was sent to was of no use. */
  #stays = false;

  constructor(config: WhepConfig) {
    this.#config = {
      both: false,
      createPeer: () => new RTCPeerConnection({ bundlePolicy: 'max-bundle' }),
      capabilities: browserCapabilities,
      fetch: (...args) => fetch(...args),
      clock: windowClock,
      random: Math.random,
      ...config,
    };
  }

  /** phase is where the player stands. */
  get phase(): WhepPhase {
    return this.#phase;
  }

  /** stream is the programme, picture and sound; undefined before the first answer. */
  get stream(): MediaStream | undefined {
    return this.#stream;
  }

  /** second is City Hall's picture beside a venue's; undefined without both, empty of pictures most of the time. */
  get second(): MediaStream | undefined {
    return this.#second;
  }

  /** retryAt is when the next try comes (ms since 1970); 0 when none is planned. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** start plays; may be called again after stop. */
  start(): void {
    if (this.#phase !== 'idle' && this.#phase !== 'stopped') return;
    if (!canReceiveH264(this.#config.capabilities)) {
      this.#set('no_h264');
      return;
    }
    this.#attempt = 0;
    void this.#join();
  }

  /** stop leaves: the server is told, so that the place is free for another viewer. */
  stop(): void {
    this.#leave();
    this.#arm(undefined);
    this.#set('stopped');
  }

  /** nudge ends a wait: the network is back, or the viewer asked. */
  nudge(): void {
    if (this.#timer !== undefined && this.#peer === undefined) void this.#join();
  }

  /**
   * miss says that nothing has come for some time. An edge is asked at once whether it is still
   * there, for there are others; the server itself has as long as the browser gives it.
   */
  miss(): void {
    if (this.#phase === 'playing' && this.#away()) void this.#restart();
  }

  /** stats reads the counters of the programme; undefined while there is no connection. */
  async stats(): Promise<LinkStats | undefined> {
    const [peer, beside] = [this.#peer, this.#beside];
    if (peer === undefined) return undefined;
    const stats = readStats(await peer.getStats());
    return { ...stats, slots: stats.slots.filter((slot) => !beside || slot.mid !== beside.mid) };
  }

  #set(phase: WhepPhase): void {
    this.#phase = phase;
    this.#config.onChange();
  }

  #arm(ms: number | undefined, run: () => void = () => undefined): void {
    if (this.#timer !== undefined) this.#config.clock.clear(this.#timer);
    this.#retryAt = 0;
    this.#timer = undefined;
    if (ms === undefined) return;
    this.#timer = this.#config.clock.set(() => {
      this.#timer = undefined;
      run();
    }, ms);
  }

  async #join(): Promise<void> {
    this.#leave();
    const peer = this.#config.createPeer();
    this.#peer = peer;
    this.#set(this.#phase === 'idle' || this.#phase === 'stopped' ? 'joining' : this.#phase);
    this.#arm(JOIN_GUARD_MS, () => {
      this.#stays = this.#away();
      this.#again();
    });
    if (this.#relayed) giveRelays(peer, this.#relays);
    const [stream, second] = [new MediaStream(), new MediaStream()];
    peer.ontrack = (event) => {
      (this.#beside && event.transceiver === this.#beside ? second : stream).addTrack(event.track);
    };
    peer.onconnectionstatechange = () => {
      if (this.#peer === peer) this.#onPeer(peer.connectionState);
    };
    const offer = (kind: 'video' | 'audio'): RTCRtpTransceiver => {
      const transceiver = peer.addTransceiver(kind, { direction: 'recvonly' });
      preferCodecs(transceiver, kind, this.#config.capabilities);
      return transceiver;
    };
    offer('video');
    offer('audio');
    this.#beside = this.#config.both ? offer('video') : undefined;
    try {
      await peer.setLocalDescription(await peer.createOffer());
      const response = await this.#ask(peer.localDescription?.sdp ?? '');
      if (this.#peer !== peer) {
        this.#forget(response);
        return;
      }
      if (response.status !== 201) {
        this.#refused(response);
        return;
      }
      this.#location = locationOf(response, this.#config.url);
      await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
      if (this.#peer !== peer) return;
      this.#armRelay(peer, response);
      this.#stream = stream;
      this.#second = this.#beside && second;
      this.#config.onChange();
    } catch {
      if (this.#peer === peer) this.#again();
    }
  }

  /**
   * ask offers; the answer may come from an edge the server sent us to. Where none comes, the
   * edge has died, or this page was loaded before it came and may not go there; or there is no
   * network, so the try after the next is as the first.
   */
  async #ask(sdp: string): Promise<Response> {
    try {
      return await this.#post(sdp);
    } catch (error) {
      this.#stays = !this.#stays;
      throw error;
    }
  }

  #post(sdp: string): Promise<Response> {
    return this.#config.fetch(this.#stays ? `${this.#config.url}?edge=no` : this.#config.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp' },
      credentials: 'omit',
      body: sdp,
    });
  }

  #refused(response: Response): void {
    this.#leave();
    if (response.status === 406) {
      this.#arm(undefined);
      this.#set('no_h264');
      return;
    }
    if (response.status === 503 && response.redirected && !this.#stays) {
      // An edge that has filled up: there may be room at home.
      this.#stays = true;
      this.#again();
      return;
    }
    if (response.status === 503) {
      this.#stays = false;
      this.#wait('full', retryAfterMs(response) ?? BACKOFF_MAX_MS);
      return;
    }
    if (response.status >= 400 && response.status < 500 && response.status !== 429) {
      this.#wait('closed', CLOSED_MS);
      return;
    }
    this.#again();
  }

  #onPeer(state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      this.#attempt = 0;
      this.#stays = false;
      this.#arm(undefined);
      this.#set('playing');
    } else if (state === 'disconnected') {
      this.#set('reconnecting');
      this.#arm(UNSTEADY_MS, () => void this.#restart());
    } else if (state === 'failed') {
      void this.#restart();
    } else if (state === 'closed') {
      this.#again();
    }
  }

  async #restart(): Promise<void> {
    const [peer, location] = [this.#peer, this.#location];
    if (peer === undefined || location === undefined) {
      this.#again();
      return;
    }
    if (this.#phase !== 'joining') this.#set('reconnecting');
    this.#arm(RESTART_GUARD_MS, () => this.#again());
    try {
      await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
      const response = await this.#config.fetch(location, {
        method: 'PATCH',
        // RFC 9725 §4.4.2: a restart replaces whatever ICE session there is.
        headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' },
        credentials: 'omit',
        body: restartFragment(peer.localDescription?.sdp ?? ''),
      });
      const answer = peer.currentRemoteDescription?.sdp ?? '';
      if (!response.ok) throw new Error(`restart refused with ${response.status}`);
      const sdp = applyRestart(answer, await response.text());
      if (this.#peer !== peer) return;
      await peer.setRemoteDescription({ type: 'answer', sdp });
      if (this.#peer === peer) this.#armRelay(peer, response);
    } catch {
      if (this.#peer === peer) this.#again();
    }
  }

  /** armRelay gives UDP and TCP their time, then has media relayed as the answer tells. */
  #armRelay(peer: RTCPeerConnection, answer: Response): void {
    this.#disarmRelay();
    this.#relays = linkedRelays(answer.headers.get('Link'));
    if (this.#relays.length === 0) return;
    this.#relayTimer = this.#config.clock.set(() => {
      this.#relayTimer = undefined;
      if (this.#peer !== peer || peer.connectionState === 'connected') return;
      if (!giveRelays(peer, this.#relays)) return;
      this.#relayed = true;
      void this.#restart();
    }, RELAY_MS);
  }

  #disarmRelay(): void {
    if (this.#relayTimer !== undefined) this.#config.clock.clear(this.#relayTimer);
    this.#relayTimer = undefined;
  }

  /** again drops the connection and joins anew after a back-off, for ever. */
  #again(): void {
    this.#leave();
    const ms = backoff(this.#attempt, this.#config.random());
    this.#attempt += 1;
    this.#wait('reconnecting', ms);
  }

  #wait(phase: WhepPhase, ms: number): void {
    this.#arm(ms, () => void this.#join());
    this.#retryAt = Date.now() + ms;
    this.#set(phase);
  }

  #leave(): void {
    this.#disarmRelay();
    const [peer, location] = [this.#peer, this.#location];
    this.#peer = undefined;
    this.#location = undefined;
    if (peer !== undefined) {
      peer.onconnectionstatechange = null;
      peer.ontrack = null;
      peer.close();
    }
    if (location !== undefined) this.#delete(location);
  }

  /** away: the session is on another server than the one that was asked. */
  #away(): boolean {
    const origin = (at: string): string => new URL(at, globalThis.location?.href).origin;
    return this.#location !== undefined && origin(this.#location) !== origin(this.#config.url);
  }

  /** forget gives back a place that was answered after we had gone. */
  #forget(response: Response): void {
    if (response.status === 201) this.#delete(locationOf(response, this.#config.url));
  }

  #delete(location: string | undefined): void {
    if (location === undefined) return;
    // keepalive: also sent while the page is being left. Best effort: the server notices anyway.
    this.#config
      .fetch(location, { method: 'DELETE', keepalive: true, credentials: 'omit' })
      .catch(() => undefined);
  }
}

function locationOf(response: Response, base: string): string | undefined {
  const location = response.headers.get('Location');
  if (location === null) return undefined;
  return new URL(location, new URL(response.url || base, globalThis.location?.href)).href;
}

/** retryAfterMs reads Retry-After in seconds, 1 s to 5 min; undefined when it says nothing usable. */
export function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('Retry-After') ?? '');
  if (!Number.isFinite(seconds) || seconds <= 0) return undefined;
  return Math.min(300, Math.max(1, seconds)) * 1000;
}
