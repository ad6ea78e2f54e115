// A client of the protocol, written from docs/protocol.md alone by somebody who had not read the
// server; § are that page's sections. It shares no code with the pages, on purpose.
import { randomBytes } from 'node:crypto';
import WebSocket from 'ws';

/** §2: redeems the token of a link; resolves to the session's cookie. */
export async function signIn(server, role) {
  const [link] = await server.demoLinks(role);
  const response = await fetch(`${server.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify({ token: new URL(link.url).hash.replace('#t=', '') }),
  });
  if (response.status !== 204) throw new Error(`sign in: ${response.status} ${await response.text()}`);
  return response.headers.get('set-cookie').split(';')[0];
}

/** §7.3: at least 128 random bits. */
export const newId = () => randomBytes(18).toString('base64url');

export class StrangerClient {
  /** Where we are (§6), kept over connections. */
  cursor;
  /** What the role sees (§6). */
  view;
  /** Every event applied, in order, over all connections. */
  events = [];
  standings = [];
  replies = [];
  snapshots = 0;

  #waiting = new Set();
  #unanswered = new Map();
  #followed = new Set();
  #snapshotOf;

  constructor(url, { conference = 'dat-dai-2022', role, cookie, options } = {}) {
    Object.assign(this, { url, conference, role, cookie, options });
  }

  /** Opens a socket and says nothing. */
  async open(subprotocol = 'diemcau.v1') {
    const address = `${this.url.replace('http', 'ws')}/api/v1/conferences/${this.conference}/socket`;
    const headers = this.cookie ? { cookie: this.cookie } : {};
    const socket = new WebSocket(address, subprotocol, { origin: this.url, headers, ...this.options });
    Object.assign(this, { socket, closed: undefined, bye: undefined, welcome: undefined, fault: undefined });
    const mine = (then) => (...args) => {
      if (this.socket !== socket) return;
      then(...args);
      for (const waiter of [...this.#waiting]) waiter();
    };
    socket.on('message', mine((raw, binary) => this.#receive(raw, binary)));
    socket.on('close', mine((code) => {
      this.closed = code;
    }));
    await new Promise((resolve, reject) => {
      socket.on('open', resolve);
      socket.on('error', reject); // later ones are followed by a close
      socket.on('unexpected-response', (request, response) => {
        request.destroy();
        reject(Object.assign(new Error(`refused with ${response.statusCode}`), { status: response.statusCode }));
      });
    });
    return this;
  }

  /** §5: says hello, with the cursor of the last connection if there was one. */
  async connect({ cursor = this.cursor, ...hello } = {}) {
    await this.open();
    this.send({ type: 'hello', hello: { protocols: [1], role: this.role, cursor, ...hello } });
    await this.until(() => this.welcome && (this.welcome.resumed || this.#snapshotOf === this.welcome), 'welcome and what follows it');
    return this;
  }

  /** §12: hello with the cursor, follow again, repeat the commands without reply. */
  async comeBack() {
    await this.connect();
    for (const code of this.#followed) this.send({ type: 'follow', id: newId(), code });
    for (const message of this.#unanswered.values()) this.send(message);
    return this;
  }

  /** Breaks the line: no close frame, no goodbye. */
  cut() {
    this.socket.terminate();
    return this.until(() => this.closed !== undefined, 'the end of a line that was cut');
  }

  send(message) {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Sends a command; resolves to its reply, be it on a later connection. */
  command(name, data, id = newId()) {
    const message = { type: 'command', id, name, data };
    const seen = this.replies.length;
    this.#unanswered.set(id, message);
    this.send(message);
    return this.until(() => this.replies.slice(seen).find((reply) => reply.to === id), `the reply to ${name}`, { patient: true });
  }

  /** §8: resolves to the first standing, or to the refusal. */
  follow(code) {
    const id = newId();
    const seen = this.standings.length;
    const plain = (text) => text.toUpperCase().replaceAll(/[- ]/g, '');
    this.#followed.add(code);
    this.send({ type: 'follow', id, code });
    return this.until(() => this.standings.slice(seen).find((standing) => plain(standing.code) === plain(code)) ?? this.replies.find((reply) => reply.to === id), 'a standing');
  }

  /** Resolves to what() once it gives something; it is asked at each message and at the close. */
  until(what, why, { within = 30_000, patient = false } = {}) {
    return new Promise((resolve, reject) => {
      const settle = (end, value) => {
        this.#waiting.delete(waiter);
        clearTimeout(timer);
        end(value);
      };
      const fail = (how) => settle(reject, new Error(`${how} while waiting for ${why}`, { cause: this.fault }));
      const waiter = () => {
        const got = what();
        if (got) settle(resolve, got);
        else if (this.fault) fail(this.fault.message);
        else if (this.closed !== undefined && !patient) fail(`closed with ${this.closed} ${this.bye?.reason ?? 'without a bye'}`);
      };
      const timer = setTimeout(() => fail('gave up'), within);
      this.#waiting.add(waiter);
      waiter();
    });
  }

  /** Resolves to how the server ended it, as `4501 bad_message`. */
  async end(within) {
    await this.until(() => this.closed !== undefined, 'the close', { within });
    return [this.closed, this.bye?.reason].filter(Boolean).join(' ');
  }

  #receive(raw, binary) {
    if (binary) return this.#fail('a binary frame');
    const message = JSON.parse(raw.toString());
    const body = message[message.type];
    if (this.bye && message.type !== 'reply') return this.#fail(`${message.type} after the bye`);
    const take = {
      welcome: () => (this.welcome = body),
      snapshot: () => this.#replace(body),
      events: () => this.#advance(body) && body.events.forEach((event) => this.#apply(event)),
      watermark: () => this.#advance(body) && Object.assign(this.view.votes, body.votes),
      standing: () => this.standings.push(body),
      reply: () => this.#replied(body),
      bye: () => (this.bye = body),
    };
    take[message.type]?.(); // other types are not known and passed over (§1)
  }

  #fail(what) {
    this.fault = new Error(`${what}, after ${this.events.length} events`);
    this.socket.terminate();
  }

  #replied(reply) {
    if (('ok' in reply) === ('error' in reply)) this.#fail(`not exactly one of ok and error: ${JSON.stringify(reply)}`);
    this.#unanswered.delete(reply.to);
    this.replies.push(reply);
  }

  #replace({ cursor, questions = [], venues = [], queue = [], onAir = '', votes = {}, conference, floor }) {
    const byId = (list) => new Map(list.map((item) => [item.id, item]));
    this.view = { questions: byId(questions), venues: byId(venues), queue, onAir, votes, conference, floor };
    this.cursor = cursor;
    this.snapshots++;
    this.#snapshotOf = this.welcome;
  }

  /** §6: a prev that is not ours means that something was missed. */
  #advance({ prev, cursor }) {
    if (prev !== this.cursor) return this.#fail(`a gap: at ${this.cursor}, the next is after ${prev}`);
    this.cursor = cursor;
    return true;
  }

  #apply(event) {
    const { view } = this;
    this.events.push(event);
    if (event.question) view.questions.set(event.question.id, event.question);
    if (event.gone) view.questions.delete(event.gone);
    if (event.venue) view.venues.set(event.venue.id, event.venue);
    for (const field of ['queue', 'onAir', 'floor', 'conference']) if (event[field] !== undefined) view[field] = event[field];
  }
}
