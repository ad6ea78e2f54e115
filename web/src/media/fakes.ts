// Stand-ins for the browser's media objects; used by the tests of this folder only.

import type { Capabilities } from './codecs';
import type { Clock } from './link';

/** FakeClock runs its timers when the test says that time passes. */
export class FakeClock implements Clock {
  #now = 0;
  #next = 1;
  readonly #timers = new Map<number, { at: number; run: () => void }>();

  set(run: () => void, ms: number): number {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + ms, run });
    return id;
  }

  clear(id: number): void {
    this.#timers.delete(id);
  }

  /** pending is how many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** pass moves time on and runs what falls due, in order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers.entries()]
        .filter(([, t]) => t.at <= end)
        .sort((a, b) => a[1].at - b[1].at)[0];
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.#now = due[1].at;
      due[1].run();
    }
    this.#now = end;
  }
}

/** FakeTrack is a media track that remembers whether it was stopped. */
export class FakeTrack {
  stopped = false;
  readonly kind: string;
  constructor(kind: string) {
    this.kind = kind;
  }
  stop(): void {
    this.stopped = true;
  }
}

interface Line {
  kind: string;
  direction: string;
  encodings: RTCRtpEncodingParameters[];
  preferences: RTCRtpCodec[];
}

/** FakePeer is a connection whose state the test sets. */
export class FakePeer {
  connectionState: RTCPeerConnectionState = 'new';
  onconnectionstatechange: (() => void) | null = null;
  ontrack: ((event: { track: MediaStreamTrack }) => void) | null = null;
  localDescription: { type: string; sdp: string } | null = null;
  currentRemoteDescription: { type: string; sdp: string } | null = null;
  closed = false;
  offers = 0;
  restarts = 0;
  configuration: RTCConfiguration = {};
  readonly lines: Line[] = [];
  readonly #senders: { track: unknown; replaced: unknown[] }[] = [];
  readonly #transceivers: { mid: string | null }[] = [];

  getConfiguration(): RTCConfiguration {
    return this.configuration;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  addTransceiver(what: unknown, init: RTCRtpTransceiverInit = {}): unknown {
    const track = what instanceof FakeTrack ? what : undefined;
    const kind = track?.kind ?? String(what);
    const line: Line = {
      kind,
      direction: init.direction ?? 'sendrecv',
      encodings: init.sendEncodings ?? [],
      preferences: [],
    };
    this.lines.push(line);
    const sender = {
      track: track ?? null,
      replaced: [] as unknown[],
      getParameters: () => ({}),
      setParameters: () => Promise.resolve(),
      replaceTrack(next: unknown) {
        this.track = next as FakeTrack;
        this.replaced.push(next);
        return Promise.resolve();
      },
    };
    this.#senders.push(sender);
    const transceiver = {
      mid: null as string | null,
      direction: line.direction,
      sender,
      receiver: { track: { kind, id: `remote-${this.lines.length - 1}` } },
      setCodecPreferences: (list: RTCRtpCodec[]) => {
        line.preferences = list;
      },
    };
    this.#transceivers.push(transceiver);
    return transceiver;
  }

  getSenders(): unknown[] {
    return this.#senders;
  }

  createOffer(options: { iceRestart?: boolean } = {}): Promise<{ type: string; sdp: string }> {
    this.offers += 1;
    if (options.iceRestart === true) this.restarts += 1;
    return Promise.resolve({
      type: 'offer',
      sdp: `v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=ice-ufrag:u${this.offers}\r\na=ice-pwd:p${this.offers}\r\n`,
    });
  }

  setLocalDescription(description: { type: string; sdp: string }): Promise<void> {
    this.localDescription = description;
    this.#transceivers.forEach((t, i) => {
      t.mid = String(i);
    });
    return Promise.resolve();
  }

  setRemoteDescription(description: { type: string; sdp: string }): Promise<void> {
    this.currentRemoteDescription = description;
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
  }

  /** become changes the connection state as the browser would. */
  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

/** asPeer passes a FakePeer for the browser's own. */
export function asPeer(fake: FakePeer): RTCPeerConnection {
  return fake as unknown as RTCPeerConnection;
}

/** asTrack passes a FakeTrack for the browser's own. */
export function asTrack(fake: FakeTrack): MediaStreamTrack {
  return fake as unknown as MediaStreamTrack;
}

const h264 = (profile: string, mode = '1'): RTCRtpCodec => ({
  mimeType: 'video/H264',
  clockRate: 90000,
  sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`,
});

/** VIDEO is what Chromium lists, in its order. */
export const VIDEO: RTCRtpCodec[] = [
  { mimeType: 'video/VP8', clockRate: 90000 },
  { mimeType: 'video/rtx', clockRate: 90000 },
  { mimeType: 'video/VP9', clockRate: 90000, sdpFmtpLine: 'profile-id=0' },
  h264('42001f'),
  h264('42001f', '0'),
  h264('42e01f', '0'),
  h264('4d001f'),
  h264('f4001f'),
  h264('64001f'),
  h264('42e01f'),
  { mimeType: 'video/AV1', clockRate: 90000 },
  { mimeType: 'video/red', clockRate: 90000 },
  { mimeType: 'video/ulpfec', clockRate: 90000 },
];

/** AUDIO is what Chromium lists. */
export const AUDIO: RTCRtpCodec[] = [
  { mimeType: 'audio/opus', clockRate: 48000, channels: 2, sdpFmtpLine: 'minptime=10;useinbandfec=1' },
  { mimeType: 'audio/red', clockRate: 48000, channels: 2 },
  { mimeType: 'audio/PCMU', clockRate: 8000, channels: 1 },
];

/** chromium can do everything; noH264 has no H.264 at all. */
export const chromium: Capabilities = {
  send: (kind) => (kind === 'video' ? VIDEO : AUDIO),
  receive: (kind) => (kind === 'video' ? VIDEO : AUDIO),
};
export const noH264: Capabilities = {
  send: (kind) => (kind === 'video' ? VIDEO.filter((c) => c.mimeType !== 'video/H264') : AUDIO),
  receive: (kind) => (kind === 'video' ? VIDEO.filter((c) => c.mimeType !== 'video/H264') : AUDIO),
};

/** settle lets every promise that can go on do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}
