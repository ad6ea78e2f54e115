// Which codecs the pages offer: H.264 and Opus only (design §4.1).

/** Codec is the part of RTCRtpCodec the ordering looks at. */
export type Codec = Pick<RTCRtpCodec, 'mimeType' | 'clockRate' | 'channels' | 'sdpFmtpLine'>;

/** The profiles the server takes, best first: constrained baseline cuts without a new decoder. */
const PROFILES = ['42e0', '4200', '4d00', '640c', '6400'] as const;

/** fmtp reads one parameter of an fmtp line ("profile-level-id"), lower-case; '' when absent. */
export function fmtp(line: string | undefined, name: string): string {
  for (const part of (line ?? '').split(';')) {
    const [key, value] = part.split('=');
    if (key?.trim().toLowerCase() === name) return (value ?? '').trim().toLowerCase();
  }
  return '';
}

function rank(codec: Codec): number {
  if (codec.mimeType.toLowerCase() !== 'video/h264') return -1;
  if (fmtp(codec.sdpFmtpLine, 'packetization-mode') !== '1') return -1;
  const profile = fmtp(codec.sdpFmtpLine, 'profile-level-id');
  if (profile === '42e01f') return 0;
  const found = PROFILES.findIndex((p) => profile.startsWith(p));
  return found < 0 ? -1 : found + 1;
}

/**
 * orderVideo keeps H.264 of the server's profiles at packetization-mode 1, 42e01f first, then
 * the repair codec (RTX).
 */
export function orderVideo<C extends Codec>(codecs: readonly C[]): C[] {
  const h264 = codecs.filter((c) => rank(c) >= 0).sort((a, b) => rank(a) - rank(b));
  if (h264.length === 0) return [];
  return [...h264, ...codecs.filter((c) => c.mimeType.toLowerCase() === 'video/rtx')];
}

/**
 * oneVideo is for receive lines: the server answers the best profile whatever the bitstream
 * (design §4.1), and the fewer are listed the smaller is the offer of thirty tiles.
 */
export function oneVideo<C extends Codec>(codecs: readonly C[]): C[] {
  return orderVideo(codecs).filter((c, i) => i === 0 || c.mimeType.toLowerCase() === 'video/rtx');
}

/** orderAudio keeps Opus only. */
export function orderAudio<C extends Codec>(codecs: readonly C[]): C[] {
  return codecs.filter((c) => c.mimeType.toLowerCase() === 'audio/opus');
}

/** Capabilities is where the browser says what it can do; replaced in tests. */
export interface Capabilities {
  send(kind: 'audio' | 'video'): readonly RTCRtpCodec[];
  receive(kind: 'audio' | 'video'): readonly RTCRtpCodec[];
}

/** browserCapabilities asks this browser; empty lists when it has no WebRTC at all. */
export const browserCapabilities: Capabilities = {
  send: (kind) =>
    typeof RTCRtpSender === 'undefined' ? [] : (RTCRtpSender.getCapabilities(kind)?.codecs ?? []),
  receive: (kind) =>
    typeof RTCRtpReceiver === 'undefined'
      ? []
      : (RTCRtpReceiver.getCapabilities(kind)?.codecs ?? []),
};

/** canSendH264 tells whether this browser can encode H.264. */
export function canSendH264(caps: Capabilities = browserCapabilities): boolean {
  return orderVideo(caps.send('video')).length > 0;
}

/** canReceiveH264 tells whether this browser can decode H.264. */
export function canReceiveH264(caps: Capabilities = browserCapabilities): boolean {
  return orderVideo(caps.receive('video')).length > 0;
}

/**
 * preferCodecs restricts a transceiver to our codecs. Browsers check the list against the
 * receive capabilities (older specification) or, for a sender, the send ones; both are tried.
 */
export function preferCodecs(
  transceiver: RTCRtpTransceiver,
  kind: 'audio' | 'video',
  caps: Capabilities = browserCapabilities,
): void {
  const receives = transceiver.direction === 'recvonly';
  const video = receives ? oneVideo<RTCRtpCodec> : orderVideo<RTCRtpCodec>;
  const order = kind === 'video' ? video : orderAudio<RTCRtpCodec>;
  for (const list of [order(caps.receive(kind)), order(caps.send(kind))]) {
    if (list.length === 0) continue;
    try {
      transceiver.setCodecPreferences(list);
      return;
    } catch {
      // The browser wants the other list; with neither it offers what it likes and the
      // server chooses H.264 from it.
    }
  }
}

/** The header extensions the server knows; the others only make the offer longer. */
const EXTENSIONS = [
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
] as const;

/**
 * slimOffer leaves out of an offer what the server never answers, so that the offer of a
 * stage with thirty tiles stays well below the largest message (64 KiB).
 */
export function slimOffer(sdp: string): string {
  return sdp.replace(/^a=extmap:\d+(?:\/\w+)? (\S+).*\r?\n/gm, (line, uri: string) =>
    EXTENSIONS.some((known) => known === uri) ? line : '',
  );
}

/**
 * askForSound offers that lost sound is sent again, which browsers can but do not offer by
 * themselves. Applied twice it is the same.
 */
export function askForSound(sdp: string): string {
  return sdp.replace(/^a=rtpmap:(\d+) opus\/.*\r?\n/gim, (line, pt: string) => {
    const nack = `a=rtcp-fb:${pt} nack`;
    return sdp.split(/\r?\n/).includes(nack) ? line : `${line}${nack}\r\n`;
  });
}

/**
 * tuneAnswer sets what our own encoders obey in the server's answer: Opus with in-band
 * repair and without silence suppression (a silent hall must stay measurable), and a start
 * bitrate so that the highest layer is there within a second.
 */
export function tuneAnswer(sdp: string): string {
  const opus = new Set<string>();
  const h264 = new Set<string>();
  for (const m of sdp.matchAll(/^a=rtpmap:(\d+) ([A-Za-z0-9]+)\//gm)) {
    const [, pt = '', name = ''] = m;
    if (name.toLowerCase() === 'opus') opus.add(pt);
    if (name.toLowerCase() === 'h264') h264.add(pt);
  }
  return sdp.replace(/^a=fmtp:(\d+) ([^\r\n]*)/gm, (line, pt: string, params: string) => {
    if (opus.has(pt)) {
      return `a=fmtp:${pt} ${merge(params, { useinbandfec: '1', usedtx: '0', maxaveragebitrate: '48000' })}`;
    }
    if (h264.has(pt)) return `a=fmtp:${pt} ${merge(params, { 'x-google-start-bitrate': '1000' })}`;
    return line;
  });
}

function merge(params: string, set: Record<string, string>): string {
  const kept = params
    .split(';')
    .map((p) => p.trim())
    .filter((p) => p !== '' && !((p.split('=')[0] ?? '').toLowerCase() in set));
  return [...kept, ...Object.entries(set).map(([k, v]) => `${k}=${v}`)].join(';');
}
