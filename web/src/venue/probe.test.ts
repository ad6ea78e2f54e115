import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LinkStats } from '../media/stats';
import type { WhepPhase } from '../media/whep';
import { LineProbe, type ProbeClient } from './probe.svelte';

class FakeClient implements ProbeClient {
  phase: WhepPhase = 'joining';
  at = 0;
  bytes = 0;
  lost = 0;
  rttMs: number | undefined = 20;
  running = false;

  start(): void {
    this.running = true;
  }

  stop(): void {
    this.running = false;
  }

  stats(): Promise<LinkStats | undefined> {
    if (this.phase !== 'playing') return Promise.resolve(undefined);
    this.at += 500;
    if (this.bytes >= 0) this.bytes += 10_000;
    const slot = { mid: '0', media: 'video' as const, framesDecoded: 1, bytes: this.bytes, lost: this.lost, packets: this.bytes / 1000, width: 0, height: 0, freezes: 0, frozenS: 0, jitterS: 0 };
    return Promise.resolve({ at: this.at, slots: [slot], layers: [], audioBytes: 0, lossUp: undefined, rttMs: this.rttMs, availableUp: undefined, way: undefined });
  }
}

describe('the line before joining', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  async function measured(prepare: (client: FakeClient) => void, ms: number): Promise<[LineProbe, FakeClient]> {
    const client = new FakeClient();
    prepare(client);
    const probe = new LineProbe(() => client);
    probe.run();
    await vi.advanceTimersByTimeAsync(ms);
    return [probe, client];
  }

  it('is good when the programme arrives without loss, and then leaves', async () => {
    const [probe, client] = await measured((c) => (c.phase = 'playing'), 4_500);
    expect(probe.verdict).toBe('good');
    expect(probe.report?.rttMs).toBe(20);
    expect(client.running).toBe(false);
  });

  it('tells a slow line and a lossy one', async () => {
    expect((await measured((c) => ((c.phase = 'playing'), (c.rttMs = 400)), 4_500))[0].verdict).toBe('fair');
    expect((await measured((c) => ((c.phase = 'playing'), (c.rttMs = 900)), 4_500))[0].verdict).toBe('weak');
  });

  it('says that nothing arrives, and not too early', async () => {
    const [probe, client] = await measured((c) => (c.phase = 'joining'), 14_000);
    expect(probe.verdict).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(probe.verdict).toBe('none');
    expect(client.running).toBe(false);
  });

  it('is left for later when there is no programme to be had', async () => {
    for (const phase of ['closed', 'full', 'no_h264'] as const) {
      expect((await measured((c) => (c.phase = phase), 1_000))[0].verdict).toBe('later');
    }
  });

  it('leaves when it is stopped in the middle, and can be run again', async () => {
    const [probe, client] = await measured((c) => (c.phase = 'playing'), 1_000);
    probe.stop();
    expect(client.running).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(probe.verdict).toBeUndefined();
    probe.run();
    await vi.advanceTimersByTimeAsync(4_500);
    expect(probe.verdict).toBe('good');
  });
});
