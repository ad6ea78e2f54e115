import { compare, judgeDown, type LineReport, type LinkStats, type Verdict } from '../media/stats';
import { WhepClient, type WhepPhase } from '../media/whep';

/** What a probe needs of a connection; WhepClient is one. */
export interface ProbeClient {
  readonly phase: WhepPhase;
  start(): void;
  stop(): void;
  stats(): Promise<LinkStats | undefined>;
}

/** The line before joining: measured, or 'later' when the programme cannot be had for it. */
export type BeforeVerdict = Verdict | 'later';

const LOOK_MS = 500;
/** How long the line is watched once something arrives, and how long that may take. */
const WATCH_MS = 3_000;
const PATIENCE_MS = 15_000;

/**
 * Measures the way from the server before a venue joins: it receives the programme for some
 * seconds, over the same port and protocol that the venue will use.
 */
export class LineProbe {
  readonly #make: () => ProbeClient;
  #verdict = $state<BeforeVerdict | undefined>(undefined);
  #report = $state.raw<LineReport | undefined>(undefined);
  #end: (() => void) | undefined;

  constructor(make: () => ProbeClient) {
    this.#make = make;
  }

  /** Undefined while it is being measured. */
  get verdict(): BeforeVerdict | undefined {
    return this.#verdict;
  }

  get report(): LineReport | undefined {
    return this.#report;
  }

  stop(): void {
    this.#end?.();
  }

  /** Measures, again if it was done before, until it knows or is stopped. */
  run(): void {
    this.#end?.();
    this.#verdict = undefined;
    this.#report = undefined;
    const client = this.#make();
    let first: LinkStats | undefined;
    let waited = 0;
    const look = async (): Promise<void> => {
      waited += LOOK_MS;
      const stats = await client.stats();
      if (timer === undefined) return;
      const arrives = stats?.slots.some((slot) => slot.bytes > 0) === true;
      if (arrives) first ??= stats;
      if (client.phase === 'closed' || client.phase === 'full' || client.phase === 'no_h264') return finish('later');
      if (first && stats && stats.at - first.at >= WATCH_MS) {
        this.#report = compare(first, stats);
        return finish(this.#report ? judgeDown(this.#report) : 'none');
      }
      if (!first && waited >= PATIENCE_MS) finish('none');
    };
    let timer: ReturnType<typeof setInterval> | undefined = setInterval(() => void look(), LOOK_MS);
    const stop = (): void => {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      client.stop();
    };
    const finish = (verdict: BeforeVerdict): void => {
      stop();
      this.#verdict = verdict;
    };
    this.#end = stop;
    client.start();
  }
}

/** A probe of the programme of a conference. */
export function probeOf(conference: string): LineProbe {
  const url = `/api/v1/conferences/${encodeURIComponent(conference)}/whep`;
  return new LineProbe(() => new WhepClient({ url, onChange: () => undefined }));
}
