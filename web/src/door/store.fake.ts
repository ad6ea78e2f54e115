import type { Kept, NewRow, Row, Store } from './store';

/** A device's store, for tests; what is in it outlives a keeper as a disk does. */
export class FakeStore implements Store {
  kept: Kept | undefined;
  list: Row[] = [];
  /** Called before a row is on the disk. */
  beforeAdd: () => void = () => undefined;
  #seq = 0;

  async load(): Promise<Kept | undefined> {
    return this.kept;
  }

  async save(kept: Kept): Promise<void> {
    this.kept = kept;
  }

  async forget(rowsToo: boolean): Promise<void> {
    this.kept = undefined;
    if (rowsToo) this.list = [];
  }

  async rows(): Promise<Row[]> {
    return [...this.list];
  }

  async add(row: NewRow): Promise<Row> {
    this.beforeAdd();
    const kept = { ...row, seq: ++this.#seq };
    this.list.push(kept);
    return kept;
  }

  async put(rows: readonly Row[]): Promise<void> {
    const changed = new Map(rows.map((row) => [row.seq, row]));
    this.list = this.list.map((row) => changed.get(row.seq) ?? row);
  }

  async remove(seqs: readonly number[]): Promise<void> {
    this.list = this.list.filter((row) => !seqs.includes(row.seq));
  }
}
