import type { Result } from './decide';
import type { NewRow, Row, Store } from './store';

/** What this device knows of a ticket: when it let the person in, or null: took that back. */
export type LetIn = ReadonlyMap<string, string | null>;

/** What has happened at this door, on the disk first and then in memory. */
export class Journal {
  readonly #store: Store;
  #rows: Row[] = [];
  /** Rows whose answer is being waited for: nobody else sends them meanwhile. */
  readonly #busy = new Set<number>();

  constructor(store: Store) {
    this.#store = store;
  }

  async load(): Promise<void> {
    this.#rows = await this.#store.rows();
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** What the server has not acknowledged, oldest first. */
  get waiting(): Row[] {
    return this.#rows.filter((row) => !row.done);
  }

  /** What may be sent now: the waiting rows up to the first that is on its way. */
  get sendable(): Row[] {
    const waiting = this.waiting;
    const first = waiting.findIndex((row) => this.#busy.has(row.seq));
    return first < 0 ? waiting : waiting.slice(0, first);
  }

  get flagged(): Row[] {
    return this.#rows.filter((row) => row.flagged);
  }

  /** How many people came in by the rows the server does not know yet. */
  get coming(): number {
    return this.waiting.filter((row) => row.kind === 'walkIn' || (row.kind === 'look' && row.result === 'in')).length;
  }

  letIn(): LetIn {
    const known = new Map<string, string | null>();
    for (const row of this.#rows) {
      if (row.kind === 'undo') known.set(row.code, null);
      if (row.kind !== 'look') continue;
      const before = known.get(row.code);
      if (row.result === 'in') known.set(row.code, row.at);
      else if (row.result === 'again' && before === undefined) known.set(row.code, row.at);
    }
    return known;
  }

  /** Writes a row down; on the disk when the promise is kept. */
  async add(row: NewRow, sent: boolean): Promise<Row> {
    const kept = await this.#store.add(sent ? { ...row, ...{ sent: true } } : row);
    this.#rows.push(kept);
    if (sent) this.#busy.add(kept.seq);
    return kept;
  }

  /** The answer to a row that was on its way did not come. */
  free(row: Row): void {
    this.#busy.delete(row.seq);
  }

  /** The server has acknowledged rows; what is flagged somebody should look at. */
  async settle(rows: readonly Row[], what: (row: Row) => { result?: Result; flagged?: string; code?: string }): Promise<void> {
    await this.#change(rows, (row) => ({ ...row, ...what(row), done: true }) as Row);
    for (const row of rows) this.#busy.delete(row.seq);
  }

  /** Before rows are sent the disk knows that the server may have them. */
  async sending(rows: readonly Row[]): Promise<void> {
    await this.#change(
      rows.filter((row) => !row.sent),
      (row) => ({ ...row, sent: true }),
    );
  }

  async drop(rows: readonly Row[]): Promise<void> {
    const seqs = rows.map((row) => row.seq);
    await this.#store.remove(seqs);
    this.#rows = this.#rows.filter((row) => !seqs.includes(row.seq));
  }

  /** A list that was asked for after rows were done knows them: they can go. */
  async listed(before: ReadonlySet<number>): Promise<void> {
    await this.drop(this.#rows.filter((row) => before.has(row.seq) && !row.flagged));
  }

  /** The rows that are done by now. */
  settled(): Set<number> {
    return new Set(this.#rows.filter((row) => row.done).map((row) => row.seq));
  }

  /** Somebody has looked at what was flagged. */
  async seen(row: Row): Promise<void> {
    await this.#change([row], ({ flagged: _, ...rest }) => rest as Row);
  }

  async #change(rows: readonly Row[], how: (row: Row) => Row): Promise<void> {
    const changed = new Map(rows.map((row) => [row.seq, how(this.#rows.find((known) => known.seq === row.seq) ?? row)]));
    await this.#store.put([...changed.values()]);
    this.#rows = this.#rows.map((row) => changed.get(row.seq) ?? row);
  }
}
