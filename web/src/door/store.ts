import type { SessionInfo } from '../session/session.svelte';
import type { Result } from './decide';

/** What a device keeps of itself. The key cannot be read out of it by the page. */
export interface Kept {
  device: string;
  conference: string;
  venue: string;
  expiresAt: string;
  /** Opens the list; absent once the device was revoked. */
  key?: CryptoKey;
  /** Seals what the device writes itself (walk-ins); made here, known to nobody else. */
  own: CryptoKey;
  /** The list as the server sealed it. */
  list?: { nonce: Uint8Array<ArrayBuffer>; sealed: Uint8Array<ArrayBuffer>; at: string };
  /** Whose session it was, so that the page opens without the network. */
  session: SessionInfo;
  /** Names of venues by id, and the last counts. */
  venues: Record<string, string>;
  counts?: Counts;
  /** Server's clock less this one's, ms. */
  skewMs: number;
  /** How many this device let in, as the server last told. */
  gate: number;
  /** Version of the privacy notice that is read out to people without a ticket. */
  privacy: string;
  revoked?: 'revoked' | 'expired' | 'signedOut';
}

/** The numbers of the venue as they were last told. */
export interface Counts {
  seats: number;
  confirmed: number;
  reserved: number;
  waiting: number;
  checkedIn: number;
  at: string;
}

/** A look at a ticket. Neither a name nor a number is in it. */
export interface LookRow {
  kind: 'look';
  scanID: string;
  code: string;
  /** By the server's clock as far as it is known, RFC 3339. */
  at: string;
  result: Result;
}

/** Somebody who came without a ticket; who it is is sealed with the device's own key. */
export interface WalkInRow {
  kind: 'walkIn';
  scanID: string;
  at: string;
  /** The ticket the server gave; absent until then. */
  code?: string;
  nonce: Uint8Array<ArrayBuffer>;
  sealed: Uint8Array<ArrayBuffer>;
}

/** The check-in of a ticket, taken back. */
export interface UndoRow {
  kind: 'undo';
  scanID: string;
  /** The ticket; of a walk-in without one its scanID. */
  code: string;
  at: string;
}

/** One row of the queue, in the order of what happened. */
export type Row = (LookRow | WalkInRow | UndoRow) & {
  seq: number;
  /** The server may have it: it was sent at least once. */
  sent?: boolean;
  /** The server has acknowledged it; kept until a newer list says so too. */
  done?: boolean;
  /** Somebody should think about it: what the server said. */
  flagged?: string;
};

/** The row without what the store gives it. */
export type NewRow = LookRow | WalkInRow | UndoRow;

/** Where a device keeps itself. Every promise is resolved when what it wrote is on the disk. */
export interface Store {
  load(): Promise<Kept | undefined>;
  save(kept: Kept): Promise<void>;
  /** Forgets the device; the rows stay unless they are to go too. */
  forget(rowsToo: boolean): Promise<void>;
  rows(): Promise<Row[]>;
  add(row: NewRow): Promise<Row>;
  put(rows: readonly Row[]): Promise<void>;
  remove(seqs: readonly number[]): Promise<void>;
}

const NAME = 'diemcau.door';
const DEVICE = 'device';
const ROWS = 'rows';

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the store refused'));
  });
}

function ended(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the store gave up'));
    transaction.onerror = () => reject(transaction.error ?? new Error('the store refused'));
  });
}

/** The store in this browser's IndexedDB. */
export class BrowserStore implements Store {
  readonly #db: IDBDatabase;

  private constructor(db: IDBDatabase) {
    this.#db = db;
  }

  static async open(factory: IDBFactory = indexedDB): Promise<BrowserStore> {
    const request = factory.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(DEVICE);
      request.result.createObjectStore(ROWS, { keyPath: 'seq', autoIncrement: true });
    };
    return new BrowserStore(await asked(request));
  }

  #write(store: string): IDBTransaction {
    // "strict": complete means flushed to the disk, not handed to the system.
    return this.#db.transaction(store, 'readwrite', { durability: 'strict' });
  }

  async load(): Promise<Kept | undefined> {
    return (await asked(this.#db.transaction(DEVICE).objectStore(DEVICE).get('this'))) as Kept | undefined;
  }

  async save(kept: Kept): Promise<void> {
    const transaction = this.#write(DEVICE);
    transaction.objectStore(DEVICE).put(kept, 'this');
    await ended(transaction);
  }

  async forget(rowsToo: boolean): Promise<void> {
    const transaction = this.#db.transaction([DEVICE, ROWS], 'readwrite', { durability: 'strict' });
    transaction.objectStore(DEVICE).clear();
    if (rowsToo) transaction.objectStore(ROWS).clear();
    await ended(transaction);
  }

  async rows(): Promise<Row[]> {
    return (await asked(this.#db.transaction(ROWS).objectStore(ROWS).getAll())) as Row[];
  }

  async add(row: NewRow): Promise<Row> {
    const transaction = this.#write(ROWS);
    const request = transaction.objectStore(ROWS).add(row);
    await ended(transaction);
    return { ...row, seq: request.result as number };
  }

  async put(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const transaction = this.#write(ROWS);
    for (const row of rows) transaction.objectStore(ROWS).put(row);
    await ended(transaction);
  }

  async remove(seqs: readonly number[]): Promise<void> {
    if (seqs.length === 0) return;
    const transaction = this.#write(ROWS);
    for (const seq of seqs) transaction.objectStore(ROWS).delete(seq);
    await ended(transaction);
  }
}
