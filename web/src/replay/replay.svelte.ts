import { ProblemError } from '../live/problem';
import { call } from '../rest/api';
import type { Replay, ReplayQuestion } from '../wire/wire.gen';
import { startOf, wanted } from './chapters';

/** loading → there | missing | failed. */
export type ReplayPhase = 'loading' | 'there' | 'missing' | 'failed';

/** AGAIN_MS is how often a replay that grows is asked for. */
const AGAIN_MS = 10_000;

/** Where to play from: a place in the recording, or a question's own film while the rest is live. */
export interface Cue {
  /** grows with every jump, so that the same place twice is two jumps */
  number: number;
  /** ms of the recording */
  at: number;
  /** the path of a film, '' for the recording */
  film: string;
  /** somebody pressed a button: it plays; else it waits at that place */
  play: boolean;
}

/** One conference's replay, and where its player is sent. */
export class ReplayState {
  readonly id: string;
  #phase = $state<ReplayPhase>('loading');
  #replay = $state.raw<Replay | null>(null);
  #failure = $state.raw<unknown>(null);
  #cue = $state.raw<Cue | null>(null);
  #chosen = $state('');
  #lost = $state(false);
  #at = $state(0);

  constructor(id: string) {
    this.id = id;
  }

  get phase(): ReplayPhase {
    return this.#phase;
  }

  get replay(): Replay | null {
    return this.#replay;
  }

  get failure(): unknown {
    return this.#failure;
  }

  get cue(): Cue | null {
    return this.#cue;
  }

  /** The question that was asked for last; '' for none. */
  get chosen(): string {
    return this.#chosen;
  }

  /** The address names a question that is not there. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Where the player is, ms of the recording; -1 while it shows a film of its own. */
  get at(): number {
    return this.#at;
  }

  /** The player tells where it is. */
  reach(at: number): void {
    this.#at = this.#cue?.film ? -1 : at;
  }

  async load(): Promise<void> {
    if (!this.#replay) this.#phase = 'loading';
    try {
      const replay = await call<Replay>('GET', `/api/v1/conferences/${encodeURIComponent(this.id)}/replay`);
      const first = !this.#replay;
      // The close has put it all in one place: a film that plays goes on.
      this.#replay = replay;
      this.#phase = 'there';
      if (first || this.#lost) this.follow();
    } catch (error) {
      if (this.#replay) return; // what is shown stays; the next try may do better
      this.#failure = error;
      this.#phase = error instanceof ProblemError && error.problem.kind === 'notFound' ? 'missing' : 'failed';
    }
  }

  /** Loads, and again while the conference is live, until the returned function is called. */
  watch(): () => void {
    const again = (): void => {
      if (this.#phase === 'failed' || this.#phase === 'there') void this.load();
    };
    window.addEventListener('online', again);
    const timer = setInterval(() => {
      if (this.#replay?.recording.state === 'live' && !document.hidden) void this.load();
    }, AGAIN_MS);
    void this.load();
    return () => {
      window.removeEventListener('online', again);
      clearInterval(timer);
    };
  }

  /** Goes where the address says. */
  follow(): void {
    if (!this.#replay) return;
    const want = wanted(location.hash, location.search);
    const question = this.#replay.questions.find((one) => one.question.id === want.question);
    this.#lost = want.question !== undefined && !question;
    if (question) this.show(question, false);
    else if (want.at !== undefined) this.jump(want.at, false);
  }

  /** Plays a question from one of its moments on; its address is that of the page from now on. */
  show(question: ReplayQuestion, play: boolean, from = startOf(question)): void {
    this.#chosen = question.question.id;
    this.#lost = false;
    if (from !== undefined) this.jump(from, play);
    else if (question.mp4) this.#send(0, question.mp4, play);
  }

  /** Plays from a place in the recording on. */
  jump(at: number, play: boolean): void {
    this.#send(at, '', play);
  }

  #send(at: number, film: string, play: boolean): void {
    this.#cue = { number: (this.#cue?.number ?? 0) + 1, at, film, play };
    this.#at = film ? -1 : at;
  }
}
