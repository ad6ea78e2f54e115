import { describe, expect, it } from 'vitest';
import {
  BACKOFF_MAX_MS,
  backoff,
  INITIAL,
  JOIN_GUARD_MS,
  RESTART_GUARD_MS,
  RESTARTS,
  step,
  UNSTEADY_MS,
  type Effect,
  type Recovery,
  type RecoveryEvent,
} from './recovery';

function run(events: RecoveryEvent[]): { state: Recovery; effects: Effect[] } {
  let state = INITIAL;
  const effects: Effect[] = [];
  for (const event of events) {
    const next = step(state, event, 1);
    state = next.state;
    effects.push(next.effect);
  }
  return { state, effects };
}

const up: RecoveryEvent[] = [{ type: 'start' }, { type: 'peer', state: 'connected' }];

describe('recovery', () => {
  it('joins, connects and clears the guard', () => {
    const { state, effects } = run(up);
    expect(state).toEqual({ phase: 'connected', attempt: 0 });
    expect(effects).toEqual([
      { act: 'join', timer: JOIN_GUARD_MS },
      { act: 'none', timer: null },
    ]);
  });

  it('waits two seconds of disconnection before it restarts ICE', () => {
    const { effects } = run([...up, { type: 'peer', state: 'disconnected' }, { type: 'timer' }]);
    expect(effects.slice(2)).toEqual([
      { act: 'none', timer: UNSTEADY_MS },
      { act: 'restart', timer: RESTART_GUARD_MS },
    ]);
  });

  it('leaves a short interruption alone', () => {
    const { state, effects } = run([
      ...up,
      { type: 'peer', state: 'disconnected' },
      { type: 'peer', state: 'connected' },
      { type: 'timer' },
    ]);
    expect(state.phase).toBe('connected');
    expect(effects.filter((e) => e.act === 'restart')).toEqual([]);
  });

  it('restarts at once when ICE failed or the network is back', () => {
    expect(run([...up, { type: 'peer', state: 'failed' }]).state.phase).toBe('restarting');
    expect(
      run([...up, { type: 'peer', state: 'disconnected' }, { type: 'nudge' }]).state.phase,
    ).toBe('restarting');
  });

  it('M7: keeps the connection and restarts it again before it makes a new one', () => {
    const events: RecoveryEvent[] = [...up, { type: 'peer', state: 'failed' }];
    for (let i = 0; i < RESTARTS; i++) events.push({ type: 'timer' }, { type: 'timer' });
    const { state, effects } = run(events);
    expect(state).toEqual({ phase: 'joining', attempt: 0 });
    expect(effects.filter((e) => e.act === 'restart')).toHaveLength(RESTARTS);
    expect(effects.filter((e) => e.act === 'drop')).toEqual([]);
  });

  it('M7: does not count the restarts for which there was no socket', () => {
    const events: RecoveryEvent[] = [...up, { type: 'peer', state: 'failed' }];
    for (let i = 0; i < 50; i++) events.push({ type: 'unheard' }, { type: 'timer' });
    expect(run(events).state).toEqual({ phase: 'restarting', attempt: 0 });
    expect(run([...events, { type: 'unheard' }, { type: 'nudge' }]).effects.at(-1)?.act).toBe('restart');
    expect(run([...events, { type: 'gone' }]).state.phase).toBe('joining');
  });

  it('never gives up: a hundred refusals later it still tries', () => {
    const events: RecoveryEvent[] = [{ type: 'start' }];
    for (let i = 0; i < 100; i++) events.push({ type: 'failed' }, { type: 'timer' });
    const { state, effects } = run(events);
    expect(state).toEqual({ phase: 'joining', attempt: 100 });
    expect(effects.filter((e) => e.act === 'join')).toHaveLength(101);
  });

  it('forgets its failures once connected', () => {
    const { state } = run([
      { type: 'start' },
      { type: 'failed' },
      { type: 'timer' },
      { type: 'peer', state: 'connected' },
    ]);
    expect(state).toEqual({ phase: 'connected', attempt: 0 });
  });

  it('ignores everything after stop, and a dropped connection while it waits', () => {
    const { state } = run([...up, { type: 'stop' }, { type: 'timer' }, { type: 'failed' }]);
    expect(state.phase).toBe('stopped');
    expect(
      run([{ type: 'start' }, { type: 'failed' }, { type: 'peer', state: 'connected' }]).state.phase,
    ).toBe('waiting');
  });

  it('joins at once when the server forgot the connection', () => {
    const { effects } = run([...up, { type: 'gone' }]);
    expect(effects.at(-1)?.act).toBe('join');
  });
});

describe('backoff', () => {
  it('doubles to a cap', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map((n) => backoff(n, 1))).toEqual([
      500, 1000, 2000, 4000, 8000, 8000, 8000,
    ]);
  });

  it('spreads over the upper half', () => {
    expect(backoff(9, 0)).toBe(BACKOFF_MAX_MS / 2);
  });
});
