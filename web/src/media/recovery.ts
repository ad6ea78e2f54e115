// How a media connection is kept alive for ever, as a pure function: (state, event) → state
// and what to do. link.ts carries it out. The local camera and microphone are no business of
// it: nothing here ever stops a track.
//
//   idle ─start─▶ joining ─connected─▶ connected ⇄ unsteady ─2 s─▶ restarting ─▶ connected
//                    │ failed, 12 s        │ failed             ▲        │ failed, 6 s
//                    ▼                     └───────────────────▶│        ▼
//                 waiting ─back-off─▶ joining                   └────── lost
//                                        ▲  4 restarts in vain, or gone   │
//                                        └────────────────────────────────┘
//
// While it is lost the connection is kept: the server keeps its end for a minute, and a
// restart of ICE brings it back with the same slots. Joining makes a new one, same tracks.

/** Phase is where a connection stands. */
export type Phase =
  | 'idle'
  | 'joining'
  | 'connected'
  | 'unsteady'
  | 'restarting'
  | 'lost'
  | 'waiting'
  | 'stopped';

/** Recovery is the state; attempt counts joins, or restarts, that failed in a row. */
export interface Recovery {
  readonly phase: Phase;
  readonly attempt: number;
}

/** RecoveryEvent is something that happened. */
export type RecoveryEvent =
  | { type: 'start' }
  | { type: 'stop' }
  | { type: 'peer'; state: RTCPeerConnectionState }
  | { type: 'failed' } // the offer was refused or its answer could not be used
  | { type: 'unheard' } // no offer can be sent: there is no socket
  | { type: 'timer' }
  | { type: 'nudge' } // the network or the socket is back: do not wait any longer
  | { type: 'gone' }; // the server no longer knows this connection

/** Effect is what the caller must do: at most one action, and one timer (null = none). */
export interface Effect {
  readonly act: 'none' | 'join' | 'restart' | 'drop';
  /** Milliseconds until a timer event; null clears the timer; undefined leaves it. */
  readonly timer?: number | null;
}

/** Times in milliseconds. */
export const UNSTEADY_MS = 2_000;
export const JOIN_GUARD_MS = 12_000;
export const RESTART_GUARD_MS = 6_000;
export const RESTARTS = 4;
export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_MAX_MS = 8_000;

/** INITIAL is a connection nobody asked for yet. */
export const INITIAL: Recovery = { phase: 'idle', attempt: 0 };

/**
 * backoff is how long to wait before join number attempt+1: doubling, capped, and spread
 * over 50–100 % (random in [0,1)) so that thirty halls do not come back in one instant.
 */
export function backoff(attempt: number, random: number): number {
  const full = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(full * (0.5 + random / 2));
}

/** step is the whole machine. */
export function step(
  now: Recovery,
  event: RecoveryEvent,
  random: number,
): { state: Recovery; effect: Effect } {
  if (event.type === 'stop') return go('stopped', 0, { act: 'drop', timer: null });
  if (now.phase === 'stopped' || now.phase === 'idle') {
    return event.type === 'start' ? join(0) : stay(now);
  }
  switch (event.type) {
    case 'peer':
      return onPeer(now, event.state, random);
    case 'failed':
      if (now.phase === 'restarting') return lose(now.attempt + 1, random);
      return now.phase === 'joining' ? wait(now, random) : stay(now);
    case 'unheard':
      return now.phase === 'restarting'
        ? go('lost', now.attempt, { act: 'none', timer: BACKOFF_MAX_MS })
        : stay(now);
    case 'timer':
      return onTimer(now, random);
    case 'nudge':
      if (now.phase === 'waiting') return join(0);
      return now.phase === 'unsteady' || now.phase === 'lost' ? restart(now) : stay(now);
    case 'gone':
      return now.phase === 'joining' || now.phase === 'waiting' ? stay(now) : join(0);
    case 'start':
      return stay(now);
  }
}

function onPeer(now: Recovery, peer: RTCPeerConnectionState, random: number) {
  if (now.phase === 'waiting') return stay(now);
  switch (peer) {
    case 'connected':
      return go('connected', 0, { act: 'none', timer: null });
    case 'disconnected':
      return now.phase === 'connected'
        ? go('unsteady', now.attempt, { act: 'none', timer: UNSTEADY_MS })
        : stay(now);
    case 'failed':
      // A connection that once worked gets an ICE restart first: it keeps its slots.
      if (now.phase === 'connected' || now.phase === 'unsteady') return restart(now);
      if (now.phase === 'restarting') return lose(now.attempt + 1, random);
      return now.phase === 'lost' ? stay(now) : wait(now, random);
    case 'closed':
      return wait(now, random);
    default:
      return stay(now);
  }
}

function onTimer(now: Recovery, random: number) {
  switch (now.phase) {
    case 'unsteady':
      return restart(now);
    case 'joining':
      return wait(now, random);
    case 'restarting':
      return lose(now.attempt + 1, random);
    case 'lost':
      return now.attempt < RESTARTS ? restart(now) : join(0);
    case 'waiting':
      return join(now.attempt);
    default:
      return stay(now);
  }
}

function go(phase: Phase, attempt: number, effect: Effect) {
  return { state: { phase, attempt }, effect };
}

function stay(now: Recovery) {
  return { state: now, effect: { act: 'none' } as Effect };
}

function join(attempt: number) {
  return go('joining', attempt, { act: 'join', timer: JOIN_GUARD_MS });
}

function restart(now: Recovery) {
  return go('restarting', now.attempt, { act: 'restart', timer: RESTART_GUARD_MS });
}

/** lose keeps the connection and tries again before long, at once when the socket is back. */
function lose(attempt: number, random: number) {
  return go('lost', attempt, { act: 'none', timer: backoff(Math.max(attempt - 1, 0), random) });
}

function wait(now: Recovery, random: number) {
  return go('waiting', now.attempt + 1, { act: 'drop', timer: backoff(now.attempt, random) });
}
