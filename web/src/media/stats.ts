// What the connection's counters say, and the line check made of them.

/** SlotStats are the counters of one receive m-line. */
export interface SlotStats {
  mid: string;
  media: 'audio' | 'video';
  framesDecoded: number;
  bytes: number;
  lost: number;
  packets: number;
  width: number;
  height: number;
  /** Times the picture stood still so far, and for how many seconds. */
  freezes: number;
  frozenS: number;
  /** Seconds (RFC 3550). */
  jitterS: number;
}

/** LayerStats are the counters of one sent layer. */
export interface LayerStats {
  rid: string;
  bytes: number;
  framesEncoded: number;
  width: number;
  height: number;
  /** Whether it is wanted now; a layer nobody needs is stopped on purpose. */
  active: boolean;
  /** Pictures per second. */
  rate: number;
  /** As the browser names it; '' when it does not say. */
  encoder: string;
  /** Why the encoder holds back: none, cpu, bandwidth, other. */
  limited: string;
}

/** LinkStats is one reading. */
export interface LinkStats {
  /** Milliseconds of the reading, the browser's clock. */
  at: number;
  slots: SlotStats[];
  layers: LayerStats[];
  /** Bytes of the microphone sent. */
  audioBytes: number;
  /** Share of our video packets the server reports as lost, 0–1; undefined before its first report. */
  lossUp: number | undefined;
  /** Milliseconds there and back; undefined before the first answer. */
  rttMs: number | undefined;
  /** Bits/s the browser thinks the line takes; undefined when it does not say. */
  availableUp: number | undefined;
  /** The way media takes; undefined before it stands. */
  way: Way | undefined;
}

/** Way is UDP, TCP where UDP does not get through, or relayed within TLS. */
export type Way = 'udp' | 'tcp' | 'tls';

type Row = Record<string, unknown> & { type: string; id: string };

/** Report is the part of RTCStatsReport that is read. */
export interface Report {
  forEach(visit: (row: unknown) => void): void;
}

const num = (v: unknown): number => (typeof v === 'number' && Number.isFinite(v) ? v : 0);
const text = (v: unknown): string => (typeof v === 'string' ? v : '');
const maybe = (v: unknown): number | undefined =>
  typeof v === 'number' && Number.isFinite(v) ? v : undefined;

/** readStats sums a browser's report up. */
export function readStats(report: Report): LinkStats {
  const stats: LinkStats = {
    at: 0,
    slots: [],
    layers: [],
    audioBytes: 0,
    lossUp: undefined,
    rttMs: undefined,
    availableUp: undefined,
    way: undefined,
  };
  const ways = new Map<string, Way>();
  const pairs = new Map<string, string>(); // candidate pair → its local candidate
  let selected = ''; // pair
  report.forEach((item) => {
    const row = item as Row;
    stats.at = Math.max(stats.at, num(row['timestamp']));
    if (row.type === 'inbound-rtp') stats.slots.push(inbound(row));
    if (row.type === 'outbound-rtp') outbound(row, stats);
    if (row.type === 'remote-inbound-rtp') remote(row, stats);
    if (row.type === 'local-candidate') ways.set(row.id, wayOf(row));
    if (row.type === 'candidate-pair') pairs.set(row.id, text(row['localCandidateId']));
    if (row.type === 'transport') selected = text(row['selectedCandidatePairId']) || selected;
    if (row.type === 'candidate-pair' && row['nominated'] === true && row['state'] === 'succeeded') {
      selected ||= row.id; // a browser without transport rows
      stats.availableUp = maybe(row['availableOutgoingBitrate']) ?? stats.availableUp;
      const rtt = maybe(row['currentRoundTripTime']);
      if (rtt !== undefined) stats.rttMs = Math.round(rtt * 1000);
    }
  });
  stats.way = ways.get(pairs.get(selected) ?? '');
  return stats;
}

/** wayOf tells a relayed candidate by the protocol it speaks with the relay. */
function wayOf(row: Row): Way {
  if (row['candidateType'] === 'relay' || text(row['relayProtocol']) !== '') return 'tls';
  return row['protocol'] === 'tcp' ? 'tcp' : 'udp';
}

function inbound(row: Row): SlotStats {
  return {
    mid: text(row['mid']),
    media: row['kind'] === 'audio' ? 'audio' : 'video',
    framesDecoded: num(row['framesDecoded']),
    bytes: num(row['bytesReceived']),
    lost: num(row['packetsLost']),
    packets: num(row['packetsReceived']),
    width: num(row['frameWidth']),
    height: num(row['frameHeight']),
    freezes: num(row['freezeCount']),
    frozenS: num(row['totalFreezesDuration']),
    jitterS: num(row['jitter']),
  };
}

function outbound(row: Row, stats: LinkStats): void {
  if (row['kind'] === 'audio') {
    stats.audioBytes += num(row['bytesSent']);
    return;
  }
  stats.layers.push({
    rid: text(row['rid']),
    bytes: num(row['bytesSent']),
    framesEncoded: num(row['framesEncoded']),
    width: num(row['frameWidth']),
    height: num(row['frameHeight']),
    active: row['active'] !== false,
    rate: num(row['framesPerSecond']),
    encoder: text(row['encoderImplementation']),
    limited: text(row['qualityLimitationReason']) || 'none',
  });
}

function remote(row: Row, stats: LinkStats): void {
  const loss = maybe(row['fractionLost']);
  if (loss !== undefined && row['kind'] === 'video') stats.lossUp = Math.max(stats.lossUp ?? 0, loss);
  const rtt = maybe(row['roundTripTime']);
  if (rtt !== undefined && stats.rttMs === undefined) stats.rttMs = Math.round(rtt * 1000);
}

/** LineReport is what two readings a while apart say about the line. */
export interface LineReport {
  /** Bits/s sent, all layers and the microphone. */
  up: number;
  /** Bits/s received. */
  down: number;
  /** Pictures per second of the programme that were decoded. */
  programmeRate: number;
  lossUp: number | undefined;
  /** Share of received packets lost since the first reading, 0–1. */
  lossDown: number;
  rttMs: number | undefined;
  way: Way | undefined;
  /** Whether the encoder holds back, and why. */
  limited: 'none' | 'cpu' | 'bandwidth';
  /** Milliseconds, of the sound that arrives. */
  jitterMs: number;
  /** Times the programme's picture stood still, and for how long, in windowMs. */
  freezes: number;
  frozenMs: number;
  windowMs: number;
  /** The layers whose bytes grow, and the largest of them. */
  layers: number;
  largest: { width: number; height: number; rate: number; encoder: string } | undefined;
  /** How many times smaller than the camera's the largest wanted layer is: 1, 2 or 4. */
  wantedScale: number;
}

/** compare turns two readings into rates; undefined when they are less than half a second apart. */
export function compare(
  first: LinkStats,
  last: LinkStats,
  programmeMid?: string,
): LineReport | undefined {
  const seconds = (last.at - first.at) / 1000;
  if (seconds < 0.5) return undefined;
  const up = (s: LinkStats): number => s.audioBytes + s.layers.reduce((n, l) => n + l.bytes, 0);
  const down = (s: LinkStats): number => s.slots.reduce((n, l) => n + l.bytes, 0);
  const lost = (s: LinkStats): number => s.slots.reduce((n, l) => n + l.lost, 0);
  const got = (s: LinkStats): number => s.slots.reduce((n, l) => n + l.packets, 0);
  const programme = (s: LinkStats): SlotStats | undefined => s.slots.find((l) => l.mid === programmeMid);
  const grown = (of: (slot: SlotStats) => number): number =>
    Math.max(0, of(programme(last) ?? NO_SLOT) - of(programme(first) ?? NO_SLOT));
  const sent = last.layers.filter((l) => l.bytes > (first.layers.find((f) => f.rid === l.rid)?.bytes ?? 0));
  const lostNow = Math.max(0, lost(last) - lost(first));
  const gotNow = Math.max(0, got(last) - got(first));
  return {
    up: rate(up(last) - up(first), seconds),
    down: rate(down(last) - down(first), seconds),
    programmeRate: grown((slot) => slot.framesDecoded) / seconds,
    lossUp: last.lossUp,
    lossDown: lostNow + gotNow === 0 ? 0 : lostNow / (lostNow + gotNow),
    rttMs: last.rttMs,
    way: last.way,
    limited: limit(last.layers.filter((l) => l.active)),
    jitterMs: Math.round(
      1000 * Math.max(0, ...last.slots.filter((l) => l.media === 'audio').map((l) => l.jitterS)),
    ),
    freezes: grown((slot) => slot.freezes),
    frozenMs: Math.min(Math.round(1000 * grown((slot) => slot.frozenS)), Math.round(1000 * seconds)),
    windowMs: Math.round(1000 * seconds),
    layers: sent.length,
    largest: [...sent].sort((a, b) => b.height - a.height)[0],
    wantedScale: wantedScale(last.layers),
  };
}

/** The layers are named high to low: h, m, l, each half the size of the one before. */
function wantedScale(layers: readonly LayerStats[]): number {
  const wanted = layers.filter((l) => l.active).map((l) => l.rid);
  if (wanted.length === 0 || wanted.includes('') || wanted.includes('h')) return 1;
  return wanted.includes('m') ? 2 : 4;
}

const NO_SLOT: SlotStats = {
  mid: '', media: 'video', framesDecoded: 0, bytes: 0, lost: 0, packets: 0, width: 0, height: 0, freezes: 0, frozenS: 0, jitterS: 0,
};

function rate(bytes: number, seconds: number): number {
  return Math.max(0, Math.round((bytes * 8) / seconds));
}

function limit(layers: readonly LayerStats[]): LineReport['limited'] {
  if (layers.some((l) => l.limited === 'bandwidth')) return 'bandwidth';
  return layers.some((l) => l.limited === 'cpu') ? 'cpu' : 'none';
}

/** Verdict is the line in one word. */
export type Verdict = 'good' | 'fair' | 'weak' | 'none';

/** Below these a line is not good / is weak (bits/s, share, ms); research/media.md §7. */
const FAIR = { up: 0.6, loss: 0.02, rtt: 250 };
const WEAK = { up: 0.3, loss: 0.08, rtt: 600 };

/** judgeDown says what a line is worth by what arrives over it, before anything is sent. */
export function judgeDown(report: LineReport): Verdict {
  if (report.down === 0) return 'none';
  const rtt = report.rttMs ?? 0;
  if (report.lossDown > WEAK.loss || rtt > WEAK.rtt) return 'weak';
  return report.lossDown > FAIR.loss || rtt > FAIR.rtt ? 'fair' : 'good';
}

/**
 * judge says what a line is worth for a picture that wants `wanted` bits/s. 'none': nothing
 * goes up, or the server never reported back.
 */
export function judge(report: LineReport, wanted: number): Verdict {
  if (report.up === 0 || (report.rttMs === undefined && report.lossUp === undefined)) return 'none';
  const loss = Math.max(report.lossUp ?? 0, report.lossDown);
  const rtt = report.rttMs ?? 0;
  const share = report.limited === 'bandwidth' ? report.up / wanted : 1;
  if (share < WEAK.up || loss > WEAK.loss || rtt > WEAK.rtt) return 'weak';
  if (share < FAIR.up || loss > FAIR.loss || rtt > FAIR.rtt || report.limited === 'cpu') {
    return 'fair';
  }
  return 'good';
}
