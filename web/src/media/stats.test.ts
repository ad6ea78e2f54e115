import { describe, expect, it } from 'vitest';
import { loudness } from './meter';
import { problemOf } from './capture';
import { compare, judge, readStats, type LineReport } from './stats';

function report(second: number, sent: number): unknown[] {
  const timestamp = second * 1000;
  return [
    { type: 'inbound-rtp', id: 'i', timestamp, kind: 'video', mid: '2', framesDecoded: second * 30, bytesReceived: second * 100_000, packetsReceived: second * 98, packetsLost: second * 2, freezeCount: second / 2, totalFreezesDuration: second / 10, jitter: 0.9 },
    { type: 'outbound-rtp', id: 'o1', timestamp, kind: 'video', rid: 'h', bytesSent: sent, framesEncoded: 1, qualityLimitationReason: 'bandwidth', frameWidth: 640, frameHeight: 360, framesPerSecond: 25, encoderImplementation: 'OpenH264' },
    { type: 'outbound-rtp', id: 'o2', timestamp, kind: 'audio', bytesSent: second * 5_000 },
    { type: 'remote-inbound-rtp', id: 'r', timestamp, kind: 'video', fractionLost: 0.04, roundTripTime: 0.2 },
    { type: 'candidate-pair', id: 'c', timestamp, nominated: true, state: 'succeeded', currentRoundTripTime: 0.05, availableOutgoingBitrate: 9e5, localCandidateId: 'l' },
    { type: 'local-candidate', id: 'l', timestamp, protocol: 'udp', candidateType: 'host' },
    { type: 'codec', id: 'x', timestamp },
  ];
}

describe('line check', () => {
  const first = readStats(report(10, 0));
  const last = readStats(report(20, 1_200_000));

  it('reads what the browser counts', () => {
    expect(last.slots).toHaveLength(1);
    expect(last.layers.map((l) => l.rid)).toEqual(['h']);
    expect([last.rttMs, last.lossUp, last.availableUp]).toEqual([50, 0.04, 900_000]);
  });

  it.each([
    ['udp', { protocol: 'udp', candidateType: 'prflx' }],
    ['tcp', { protocol: 'tcp', candidateType: 'host' }],
    ['tls', { protocol: 'udp', candidateType: 'relay', relayProtocol: 'tls' }],
    ['tls', { protocol: 'udp', candidateType: 'prflx', relayProtocol: 'tls' }],
  ])('M6: tells the way media takes: %s', (way, candidate) => {
    const rows = [
      { type: 'local-candidate', id: 'a', protocol: 'udp', candidateType: 'host' },
      { type: 'local-candidate', id: 'b', ...candidate },
      { type: 'candidate-pair', id: 'p1', nominated: true, state: 'succeeded', localCandidateId: 'a' },
      { type: 'candidate-pair', id: 'p2', nominated: true, state: 'succeeded', localCandidateId: 'b' },
      { type: 'transport', id: 't', selectedCandidatePairId: 'p2' },
    ];
    expect(readStats(rows).way).toBe(way);
  });

  it('turns two readings into rates', () => {
    expect(compare(first, last, '2')).toEqual({
      up: 1_000_000,
      down: 800_000,
      programmeRate: 30,
      lossUp: 0.04,
      lossDown: 0.02,
      rttMs: 50,
      way: 'udp',
      limited: 'bandwidth',
      jitterMs: 0,
      freezes: 5,
      frozenMs: 1000,
      windowMs: 10_000,
      layers: 1,
      largest: { rid: 'h', bytes: 1_200_000, framesEncoded: 1, width: 640, height: 360, active: true, rate: 25, encoder: 'OpenH264', limited: 'bandwidth' },
      wantedScale: 1,
    });
    expect(compare(last, last)).toBeUndefined();
  });

  it('a layer that is stopped on purpose is no weakness', () => {
    const layer = (rid: string, active: boolean, sent: number) => ({
      type: 'outbound-rtp', id: rid, kind: 'video', rid, active, bytesSent: sent, frameHeight: 90, qualityLimitationReason: rid === 'h' ? 'bandwidth' : 'none',
    });
    const at = (timestamp: number, sent: number) =>
      readStats([{ type: 'codec', id: 'x', timestamp }, layer('h', false, 7), layer('m', true, sent), layer('l', true, sent)]);
    const line = compare(at(0, 0), at(5000, 9000));
    expect([line?.limited, line?.wantedScale, line?.layers]).toEqual(['none', 2, 2]);
  });

  const good: LineReport = { up: 1e6, down: 1e6, programmeRate: 30, lossUp: 0, lossDown: 0, rttMs: 30, way: 'udp', limited: 'none', jitterMs: 5, freezes: 0, frozenMs: 0, windowMs: 5000, layers: 3, largest: undefined, wantedScale: 1 };
  it.each([
    ['good', {}, 'good'],
    ['a still picture needs little and is no weak line', { up: 2e5 }, 'good'],
    ['some loss', { lossUp: 0.05 }, 'fair'],
    ['loss on the way here', { lossDown: 0.2 }, 'weak'],
    ['far away', { rttMs: 700 }, 'weak'],
    ['held back to a quarter', { up: 2.5e5, limited: 'bandwidth' }, 'weak'],
    ['a slow machine', { limited: 'cpu' }, 'fair'],
    ['nothing goes up', { up: 0 }, 'none'],
    ['the server never reported back', { rttMs: undefined, lossUp: undefined }, 'none'],
  ] as const)('%s', (_, change, want) => {
    expect(judge({ ...good, ...change }, 1e6)).toBe(want);
  });
});

it('loudness runs from silence to full scale', () => {
  expect(loudness(new Float32Array(8))).toBe(0);
  expect(loudness([1, -1, 1, -1])).toBe(1);
  expect(loudness([0.01, -0.01])).toBeCloseTo(1 / 3, 2);
});

it('problemOf names what the camera said', () => {
  const named = (name: string) => problemOf(Object.assign(new Error('x'), { name }));
  expect(['NotAllowedError', 'NotFoundError', 'NotReadableError', 'Other'].map(named)).toEqual([
    'denied',
    'missing',
    'busy',
    'failed',
  ]);
});
