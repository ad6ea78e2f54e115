import { randomId } from '../../live/id';
import { ProblemError } from '../../live/problem';
import { call } from '../../rest/api';
import { differing } from './info';
import type { Info, Part, Point, SetupAnswer, VenueInfo } from './info';

/** The answer of POST …/setup/venues. */
export interface VenueTable {
  venues: VenueInfo[];
  problems: { row: number; text: { vi: string; en: string } }[] | null;
  ignored: string[] | null;
}

const WITHIN_MS = 60_000;

/**
 * A conference being set up: what the server has, a draft of it, and what came of saving.
 * Of two administrators who save at once one wins; the other keeps the draft and is told.
 */
export class Setup {
  readonly #path: string;
  #now = $state.raw<Info | null>(null);
  #checklist = $state.raw<readonly Point[]>([]);
  #failure = $state.raw<unknown>(null);
  #theirs = $state.raw<Info | null>(null);
  #wrong = $state.raw<unknown>(null);
  #busy = $state(false);
  // What was sent last, and under which id: the same again is the same command.
  #sent = { text: '', id: '' };

  /** What the page shows and changes. */
  draft = $state<Info | null>(null);

  constructor(conference: string) {
    this.#path = `/api/v1/conferences/${encodeURIComponent(conference)}`;
  }

  /** What the server had when it was asked last. */
  get now(): Info | null {
    return this.#now;
  }

  get checklist(): readonly Point[] {
    return this.#checklist;
  }

  /** Why it could not be loaded. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Why it could not be saved. */
  get wrong(): unknown {
    return this.#wrong;
  }

  get busy(): boolean {
    return this.#busy;
  }

  get dirty(): boolean {
    return this.changes.length > 0;
  }

  /** The parts that are not saved. */
  get changes(): Part[] {
    return this.draft && this.#now ? differing(this.#now, this.draft) : [];
  }

  /** What somebody else has saved meanwhile, and where it differs from the draft. */
  get conflict(): { info: Info; parts: Part[] } | null {
    return this.#theirs && this.draft ? { info: this.#theirs, parts: differing(this.#theirs, this.draft) } : null;
  }

  /** Where the venues' workbook is. */
  get workbook(): string {
    return `${this.#path}/setup/venues.xlsx`;
  }

  /** Asks the server; a draft that was changed stays as it is. */
  async load(): Promise<void> {
    try {
      this.#take(await call<SetupAnswer>('GET', `${this.#path}/setup`), !this.dirty);
    } catch (error) {
      this.#failure = error;
    }
  }

  /** Saves the draft; false when it was not saved. */
  async save(): Promise<boolean> {
    if (!this.draft) return false;
    const info = $state.snapshot(this.draft) as Info;
    return this.#command('PUT', '/setup', { info }, true);
  }

  /** Ends the test. */
  goLive(): Promise<boolean> {
    return this.#command('POST', '/goLive', {}, !this.dirty);
  }

  /** Drops the draft. */
  undo(): void {
    this.#take({ info: this.#theirs ?? this.#now, checklist: [...this.#checklist] }, true);
  }

  /** Keeps the draft, to be saved over what the other has saved. */
  keepMine(): void {
    if (!this.#theirs || !this.draft) return;
    this.draft.revision = this.#theirs.revision ?? 0;
    this.#now = this.#theirs;
    this.#theirs = null;
    this.#wrong = null;
  }

  /** Has the server read a table of venues. Throws a ProblemError. */
  read(file: File): Promise<VenueTable> {
    return call<VenueTable>('POST', `${this.#path}/setup/venues`, file, WITHIN_MS);
  }

  async #command(method: string, path: string, body: object, whole: boolean): Promise<boolean> {
    const text = path + JSON.stringify(body);
    if (this.#sent.text !== text) this.#sent = { text, id: randomId() };
    this.#busy = true;
    this.#wrong = null;
    try {
      this.#take(await call<SetupAnswer>(method, this.#path + path, { id: this.#sent.id, ...body }), whole);
      this.#sent.text = '';
      return true;
    } catch (error) {
      this.#wrong = error;
      if (error instanceof ProblemError && error.problem.code === 'conference.changed') await this.#meet();
      return false;
    } finally {
      this.#busy = false;
    }
  }

  /** Looks at what the other administrator has saved. */
  async #meet(): Promise<void> {
    try {
      const answer = await call<SetupAnswer>('GET', `${this.#path}/setup`);
      this.#theirs = answer.info;
      this.#checklist = answer.checklist;
    } catch {
      // The refusal is shown all the same; saving again meets it again.
    }
  }

  #take(answer: { info: Info | null; checklist: readonly Point[] }, whole: boolean): void {
    this.#failure = null;
    this.#checklist = answer.checklist;
    if (!whole) return;
    this.#now = answer.info;
    this.draft = answer.info && (structuredClone(answer.info) as Info);
    this.#theirs = null;
    this.#wrong = null;
  }
}
