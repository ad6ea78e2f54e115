import type { SessionInfo } from '../session/session.svelte';
import { decide, verdictOf } from './decide';
import type { Said, Verdict } from './decide';
import { Delivery, endsDevice } from './deliver';
import type { WalkIn } from './deliver';
import { Journal } from './journal';
import { isAway } from './line';
import type { Answer, Line } from './line';
import { Book } from './list';
import { fromBase64, listKey, openList, ownKey, seal } from './sealed';
import type { Counts, Kept, Row, Store } from './store';
import { ticketIn } from './ticket';

/** A door does not let a person wait longer than this for the server. */
const ANSWER_WITHIN_MS = 1500;
const STATUS_WITHIN_MS = 5000;
const LIST_WITHIN_MS = 20_000;
/** How old a list may become while the server can be reached. */
const LIST_FOR_MS = 5 * 60_000;
/** Clocks that differ by less are taken for equal: the server tells whole seconds. */
const CLOCKS_EQUAL_MS = 2000;
/** From here on people are told that the clock is wrong. */
export const CLOCK_WRONG_MS = 60_000;

/** What a keeper needs from outside; a test gives its own. */
export interface Means {
  store: Store;
  line: Line;
  /** The device's clock, ms since 1970. */
  now: () => number;
  /** A new id, at most 64 characters. */
  id: () => string;
}

/** none: not set up; ready: at work; the others say why it works no more. */
export type Phase = 'loading' | 'none' | 'ready' | 'revoked' | 'expired' | 'signedOut';

interface Device {
  device: string;
  key: string;
  venue: string;
  expiresAt: string;
}

/** Keeps a door: decides every ticket, with the server or by itself, and loses nothing. */
export class Keeper {
  readonly #means: Means;
  readonly #journal: Journal;
  readonly #delivery: Delivery;
  #kept: Kept | undefined;
  #book = $state.raw<Book | null>(null);
  #phase = $state<Phase>('loading');
  #about = $state.raw<Kept | undefined>(undefined);
  #offlineSince = $state<string | undefined>(undefined);
  #verdict = $state.raw<Verdict | null>(null);
  #looks = $state(0);
  #waiting = $state(0);
  #coming = $state(0);
  #flagged = $state.raw<readonly Row[]>([]);
  #skewMs = $state(0);
  #last: Row | undefined;
  #canUndo = $state(false);
  /** What is done one after the other, in the order it was asked for. */
  #turn: Promise<unknown> = Promise.resolve();
  #contact: Promise<void> | undefined;

  constructor(means: Means) {
    this.#means = means;
    this.#journal = new Journal(means.store);
    this.#delivery = new Delivery(means.line, this.#journal);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** What is kept of the device; undefined before it is set up. */
  get about(): Kept | undefined {
    return this.#about;
  }

  get book(): Book | null {
    return this.#book;
  }

  get online(): boolean {
    return this.#offlineSince === undefined;
  }

  /** Since when the server has not answered; RFC 3339. */
  get offlineSince(): string | undefined {
    return this.#offlineSince;
  }

  get verdict(): Verdict | null {
    return this.#verdict;
  }

  /** Grows with every verdict: the same ticket twice is two. */
  get looks(): number {
    return this.#looks;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get flagged(): readonly Row[] {
    return this.#flagged;
  }

  get canUndo(): boolean {
    return this.#canUndo;
  }

  /** The server's clock less this device's, ms; 0 while they are about equal. */
  get skewMs(): number {
    return this.#skewMs;
  }

  /** How many this device let in, with those the server does not know yet. */
  get gate(): number {
    return (this.#about?.gate ?? 0) + this.#coming;
  }

  /** How many of the venue have come, as far as this device knows. */
  get come(): number {
    return (this.#about?.counts?.checkedIn ?? 0) + this.#coming;
  }

  /** Opens what the device kept. Works without a network. */
  async open(): Promise<void> {
    await this.#journal.load();
    this.#kept = await this.#means.store.load();
    this.#offlineSince = this.#time();
    if (!this.#kept) {
      this.#phase = 'none';
      this.#tell();
      return;
    }
    this.#skewMs = this.#kept.skewMs;
    if (this.#kept.revoked || !this.#kept.key) this.#phase = this.#kept.revoked ?? 'revoked';
    else if (Date.parse(this.#kept.expiresAt) <= this.#serverNow()) await this.#end('expired');
    else {
      await this.#openBook();
      this.#phase = 'ready';
    }
    this.#tell();
  }

  /** Sets this device up for a venue. Throws what the server refuses. */
  async enrol(session: SessionInfo, venue: string, label: string): Promise<void> {
    const base = `/api/v1/conferences/${session.conference}`;
    const added = await this.#ask<Device>('POST', `${base}/devices`, { venue, label });
    const info = await this.#ask<{ privacy: { version: string } }>('GET', `${base}/registration`);
    const places = await this.#ask<{ id: string; venues: { id: string; name: string }[] }[]>('GET', '/api/v1/conferences');
    const venues = places.value.find((place) => place.id === session.conference)?.venues ?? [];
    const { device, expiresAt, key } = added.value;
    this.#kept = {
      device,
      expiresAt,
      session,
      conference: session.conference,
      venue: added.value.venue,
      key: await listKey(key),
      // What an earlier set-up sealed and nobody has taken yet is still opened by its key.
      own: this.#kept?.own ?? (await ownKey()),
      venues: Object.fromEntries(venues.map(({ id, name }) => [id, name])),
      privacy: info.value.privacy.version,
      skewMs: this.#skewMs,
      gate: 0,
    };
    this.#setClock(added.serverMs);
    await this.#renew();
    await this.#means.store.save(this.#kept);
    this.#phase = 'ready';
    this.#offlineSince = undefined;
    await this.contact();
  }

  /** Forgets the device and all it has; only when nothing waits, or when asked to anyway. */
  async forget(): Promise<void> {
    await this.#means.store.forget(true);
    await this.#journal.load();
    this.#kept = undefined;
    this.#book = null;
    this.#verdict = null;
    this.#phase = 'none';
    this.#tell();
  }

  /** A ticket was read. The promise is kept when the colour is shown. */
  scan(read: string): Promise<void> {
    return this.#inTurn(() => this.#look(read));
  }

  /** Takes the last check-in of this device back. */
  undo(): Promise<void> {
    return this.#inTurn(async () => {
      const last = this.#last;
      if (!last || last.kind === 'undo') return;
      this.#last = undefined;
      this.#verdict = null;
      const known = this.#journal.rows.find((row) => row.seq === last.seq);
      const now = known ?? last;
      // What was never sent was never there; what is here no more was acknowledged.
      if (known && !known.sent && !known.done) await this.#journal.drop([known]);
      else {
        const code = now.code ?? now.scanID;
        await this.#journal.add({ kind: 'undo', scanID: this.#means.id(), code, at: this.#time() }, false);
        if (this.#kept && (!known || known.done)) this.#kept = { ...this.#kept, gate: Math.max(0, this.#kept.gate - 1), ...this.#counted(-1) };
      }
      this.#tell();
      if (this.online) void this.contact();
    });
  }

  /** Lets somebody in who has no ticket. */
  walkIn(name: string, phone: string): Promise<void> {
    return this.#inTurn(async () => {
      const kept = this.#kept;
      if (!kept || this.#phase !== 'ready') return;
      const who: WalkIn = { name, phone, commune: '', consents: { privacy: kept.privacy } };
      const sealed = await seal(kept.own, who);
      this.#last = await this.#journal.add({ kind: 'walkIn', scanID: this.#means.id(), at: this.#time(), ...sealed }, false);
      this.#show({ colour: 'green', result: 'in', code: '', name, walkIn: true, offline: !this.online });
      if (this.online) void this.contact();
    });
  }

  /** Puts the verdict away. */
  dismiss(): void {
    this.#verdict = null;
  }

  async seen(row: Row): Promise<void> {
    await this.#journal.seen(row);
    this.#tell();
  }

  /** Looks whether the server is there; then sends what waits and renews the list. */
  contact(): Promise<void> {
    this.#contact ??= this.#reach().finally(() => (this.#contact = undefined));
    return this.#contact;
  }

  async #reach(): Promise<void> {
    const kept = this.#kept;
    if (!kept || this.#phase !== 'ready') return;
    if (Date.parse(kept.expiresAt) <= this.#serverNow()) return this.#end('expired');
    try {
      const path = `/api/v1/conferences/${kept.conference}/devices/${kept.device}`;
      const { value, serverMs } = await this.#means.line.ask<{ checkedIn: number }>('GET', path, undefined, STATUS_WITHIN_MS);
      this.#setClock(serverMs);
      const sent = await this.#delivery.run(kept);
      const back = !this.online;
      this.#offlineSince = undefined;
      const age = this.#serverNow() - Date.parse(kept.list?.at ?? '');
      if (sent || back || !(age < LIST_FOR_MS)) await this.#renew();
      await this.#count(sent ? undefined : value.checkedIn);
      if (this.#kept) await this.#means.store.save(this.#kept);
    } catch (error) {
      await this.#failed(error);
    }
    this.#tell();
  }

  async #look(read: string): Promise<void> {
    const kept = this.#kept;
    if (!kept || this.#phase !== 'ready') return;
    const code = ticketIn(read);
    const own = decide(read, this.#book, this.#journal.letIn());
    if (!code) return this.#show({ ...own, offline: !this.online });
    const asks = this.online;
    // On the disk first: what is shown has happened, whatever becomes of this page.
    const row = await this.#journal.add({ kind: 'look', scanID: this.#means.id(), code, at: this.#time(), result: own.result }, asks);
    const said = asks ? await this.#askDoor(kept, code, row) : undefined;
    if (this.#phase !== 'ready') return;
    const verdict = said ? verdictOf(said, code, kept.venue, this.#book) : own;
    if (verdict.result === 'in') this.#last = row;
    this.#show(verdict);
    if (said) await this.#answered(row, said);
    else if (asks) this.#journal.free(row);
    this.#tell();
  }

  /** The server's word on a ticket; nothing when it does not come in time. */
  async #askDoor(kept: Kept, code: string, row: Row): Promise<Said | undefined> {
    const body = { code, venue: kept.venue, device: kept.device, scanID: row.scanID };
    const path = `/api/v1/conferences/${kept.conference}/registrations/checkin`;
    try {
      return (await this.#means.line.ask<Said>('POST', path, body, ANSWER_WITHIN_MS)).value;
    } catch (error) {
      await this.#failed(error);
      return undefined;
    }
  }

  async #answered(row: Row, said: Said): Promise<void> {
    await this.#journal.settle([row], () => ({ result: said.result }));
    if (said.result !== 'in' || !this.#kept) return;
    this.#kept = { ...this.#kept, gate: this.#kept.gate + 1, ...this.#counted(1) };
  }

  #counted(by: number): { counts?: Counts } {
    const counts = this.#kept?.counts;
    return counts ? { counts: { ...counts, checkedIn: Math.max(0, counts.checkedIn + by) } } : {};
  }

  /** The server did not answer, or ended this device. */
  async #failed(error: unknown): Promise<void> {
    const end = endsDevice(error);
    if (end) await this.#end(end);
    else if (isAway(error)) this.#offlineSince ??= this.#time();
  }

  /** List and key go; what waits stays: it holds no name that can be read without this device. */
  async #end(why: 'revoked' | 'expired' | 'signedOut'): Promise<void> {
    this.#phase = why;
    this.#book = null;
    this.#verdict = null;
    this.#last = undefined;
    if (!this.#kept) return;
    const { key: _key, list: _list, counts: _counts, ...left } = this.#kept;
    this.#kept = { ...left, revoked: why };
    await this.#means.store.save(this.#kept);
    this.#tell();
  }

  /** Fetches the list anew, sealed as it comes. */
  async #renew(): Promise<void> {
    const kept = this.#kept;
    if (!kept?.key) return;
    const known = this.#journal.settled();
    const path = `/api/v1/conferences/${kept.conference}/devices/${kept.device}/list`;
    const { value } = await this.#means.line.ask<{ nonce: string; sealed: string }>('GET', path, undefined, LIST_WITHIN_MS);
    const sealed = { nonce: fromBase64(value.nonce), sealed: fromBase64(value.sealed) };
    const list = await openList(kept.key, kept.conference, kept.device, sealed);
    if (this.#kept?.device !== kept.device || !this.#kept.key) return; // ended meanwhile
    this.#kept = { ...this.#kept, list: { ...sealed, at: list.at } };
    await this.#means.store.save(this.#kept);
    this.#book = new Book(list);
    // A walk-in has got its ticket meanwhile: it is wanted when it is taken back.
    this.#last = this.#journal.rows.find((row) => row.seq === this.#last?.seq) ?? this.#last;
    await this.#journal.listed(known);
  }

  async #openBook(): Promise<void> {
    const kept = this.#kept;
    if (kept?.key && kept.list) this.#book = new Book(await openList(kept.key, kept.conference, kept.device, kept.list));
  }

  async #count(gate: number | undefined): Promise<void> {
    const kept = this.#kept;
    if (!kept) return;
    const base = `/api/v1/conferences/${kept.conference}`;
    const rows = await this.#means.line.ask<(Counts & { venue: string })[]>('GET', `${base}/registrations/counts`, undefined, STATUS_WITHIN_MS);
    const mine = rows.value.find((row) => row.venue === kept.venue);
    gate ??= (await this.#means.line.ask<{ checkedIn: number }>('GET', `${base}/devices/${kept.device}`, undefined, STATUS_WITHIN_MS)).value.checkedIn;
    this.#kept = { ...(this.#kept ?? kept), gate, ...(mine ? { counts: { ...mine, at: this.#time() } } : {}) };
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    return this.#means.line.ask<T>(method, path, body);
  }

  #setClock(serverMs: number | undefined): void {
    if (serverMs === undefined) return;
    // The server tells whole seconds, cut off.
    const differs = serverMs + 500 - this.#means.now();
    this.#skewMs = Math.abs(differs) < CLOCKS_EQUAL_MS ? 0 : differs;
    if (this.#kept) this.#kept = { ...this.#kept, skewMs: this.#skewMs };
  }

  #serverNow(): number {
    return this.#means.now() + this.#skewMs;
  }

  /** Now by the server's clock, as far as it is known. */
  #time(): string {
    return new Date(this.#serverNow()).toISOString();
  }

  #show(verdict: Verdict): void {
    this.#verdict = verdict;
    this.#looks += 1;
    this.#tell();
  }

  #tell(): void {
    this.#about = this.#kept;
    this.#waiting = this.#journal.waiting.length;
    this.#coming = this.#journal.coming;
    this.#flagged = this.#journal.flagged;
    this.#canUndo = this.#last !== undefined;
  }

  #inTurn<T>(what: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(what);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}
