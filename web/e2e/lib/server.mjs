// Starts what the tests drive: the release binary on free ports with data of its own,
// and, where asked for, a real redis-server with its append-only file on.
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const root = resolve(import.meta.dirname, '../../..');
export const binary = process.env.DIEMCAU_BIN ?? join(root, 'bin/diemcau');
export const soak = process.env.DIEMCAU_SOAK === '1';

async function freeTCP() {
  const s = createServer().listen(0, '127.0.0.1');
  await once(s, 'listening');
  const { port } = s.address();
  s.close();
  await once(s, 'close');
  return port;
}

async function freeUDP() {
  const s = createSocket('udp4').bind(0, '127.0.0.1');
  await once(s, 'listening');
  const { port } = s.address();
  s.close();
  return port;
}

/** Polls until what() gives something truthy; the deadline only guards against hanging. */
export async function until(what, why, within = 90_000) {
  const end = Date.now() + within;
  let last;
  for (;;) {
    try {
      last = undefined;
      const got = await what();
      if (got) return got;
    } catch (err) {
      last = err;
    }
    if (Date.now() > end) throw new Error(`gave up waiting: ${why}`, { cause: last });
    await new Promise((next) => setTimeout(next, 100));
  }
}

/** A redis-server with appendfsync always, in a folder of its own. */
export class Redis {
  static async start() {
    const redis = new Redis();
    redis.port = await freeTCP();
    redis.folder = await mkdtemp(join(tmpdir(), 'diemcau-redis-'));
    await redis.spawn();
    return redis;
  }

  async spawn() {
    this.process = spawn(
      'redis-server',
      ['--port', this.port, '--bind', '127.0.0.1', '--dir', this.folder, '--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction', '--save', ''].map(String),
      { stdio: 'ignore' },
    );
    await until(async () => (await run('redis-cli', ['-p', String(this.port), 'ping'])).stdout.trim() === 'PONG', 'redis-server answers');
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }

  async stop() {
    if (this.process.exitCode === null) {
      this.process.kill('SIGKILL');
      await once(this.process, 'exit');
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The release binary, `serve --demo`. */
export class Server {
  /** beside: another node of the same installation, over the same redis. */
  static async start({ redis, args = [], beside } = {}) {
    const server = new Server();
    if (beside) args = [...args, `--secret-file=${join(beside.folder, 'secret')}`];
    server.folder = await mkdtemp(join(tmpdir(), 'diemcau-e2e-'));
    server.port = await freeTCP();
    server.tlsPort = await freeTCP();
    server.metricsPort = await freeTCP();
    server.mediaPort = await freeUDP();
    server.redis = redis;
    server.args = args;
    server.log = '';
    await server.spawn();
    return server;
  }

  /** An edge of another server. */
  static async startEdge(origin, ...args) {
    const folder = await mkdtemp(join(tmpdir(), 'diemcau-token-'));
    const token = join(folder, 'token');
    const { stdout } = await run(binary, ['edge-token', `--data=${origin.folder}`]);
    await writeFile(token, stdout, { mode: 0o600 });
    try {
      return await Server.start({ args: [`--edge-of=${origin.url}`, `--edge-token-file=${token}`, ...args] });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async spawn() {
    const demo = this.args.some((arg) => arg.startsWith('--edge-of=')) ? [] : ['--demo'];
    const args = ['serve', ...demo, `--listen=127.0.0.1:${this.port}`, `--tls-listen=127.0.0.1:${this.tlsPort}`, `--metrics-listen=127.0.0.1:${this.metricsPort}`, `--media-port=${this.mediaPort}`, `--data=${this.folder}`, ...this.args];
    if (this.redis) args.push(`--redis=${this.redis.url}`);
    this.process = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk) => {
      this.log += chunk;
    };
    this.process.stdout.on('data', keep);
    this.process.stderr.on('data', keep);
    const ended = () => this.process.exitCode !== null || this.process.signalCode !== null;
    await until(async () => ended() || (await fetch(`${this.url}/readyz`)).ok, 'server is ready').catch(async (err) => {
      await this.kill();
      throw new Error(`${err.message}\n${this.log.slice(-4000)}`, { cause: err });
    });
    if (ended()) throw new Error(`server ended with ${this.process.exitCode}:\n${this.log.slice(-4000)}`);
  }

  /** kill -9, at once. */
  async kill() {
    this.process.kill('SIGKILL');
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
  }

  async restart() {
    await this.kill();
    await this.spawn();
  }

  async stop() {
    await mkdir(join(root, 'artifacts/logs'), { recursive: true });
    const running = this.process.exitCode === null && this.process.signalCode === null;
    const ended = running ? once(this.process, 'exit') : undefined;
    this.process.kill('SIGTERM');
    const [code] = (await ended) ?? [];
    await writeFile(join(root, 'artifacts/logs', `server-${this.port}.log`), this.log);
    if (running) {
      if (code !== 0) throw new Error(`server ended with ${code} on SIGTERM:\n${this.log.slice(-4000)}`);
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Signed links: [{role, venue, url, token, expires}]. */
  async links(role, ...more) {
    const { stdout } = await run(binary, ['links', `--role=${role}`, `--base-url=${this.url}`, `--data=${this.folder}`, '--json', ...this.args.filter((arg) => arg.startsWith('--secret-file=')), ...more]);
    return JSON.parse(stdout);
  }

  /** The reusable links that serve --demo prints: [{role, url}]. */
  async demoLinks(role) {
    const page = { moderator: 'moderate', registrar: 'desk', official: 'answer' }[role] ?? role;
    const urls = await until(() => {
      const found = [...this.log.matchAll(new RegExp(`${this.url}/${page}#t=\\S+\\n`, 'g'))];
      return found.length > 0 && found.map(([url]) => url.trim());
    }, `serve --demo prints a link for ${role}`);
    return urls.map((url) => ({ role, url }));
  }

  async metrics() {
    return (await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)).text();
  }

  /** Asks a question as a program does; resolves to its tracking code. */
  async ask(body, topic = 'cap-giay-lan-dau', venue = undefined) {
    const response = await fetch(`${this.url}/api/v1/conferences/dat-dai-2022/questions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ idempotencyKey: randomUUID(), body, topic, venue }),
    });
    if (response.status !== 201) throw new Error(`ask: ${response.status} ${await response.text()}`);
    return (await response.json()).code;
  }

  async conferences() {
    return (await fetch(`${this.url}/api/v1/conferences`)).json();
  }

  /** Runs `diemcau rehearse` against this server; resolves to {code, output}. */
  rehearse(...args) {
    const child = spawn(binary, ['rehearse', this.url, `--data=${this.folder}`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const rehearsal = { child, output: '' };
    const keep = (chunk) => {
      rehearsal.output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    rehearsal.done = once(child, 'exit').then(([code]) => ({ code, output: rehearsal.output }));
    return rehearsal;
  }
}
