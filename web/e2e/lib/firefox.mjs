// Firefox by WebDriver BiDi over a WebSocket, without a driver beside it: what looking at
// the pages in it needs. The browser library drives no Firefox as a distribution ships it.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import { until } from './server.mjs';

/** Fake camera and microphone, no questions, and nothing asked of Mozilla's servers. */
const preferences = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'media.peerconnection.ice.loopback': true,
  'media.gmp-manager.url': 'data:text/xml,<updates/>',
  'app.update.enabled': false,
  'app.normandy.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.server': '',
};

/**
 * H.264 in WebRTC comes with a plug-in Firefox fetches from its maker. Where it may not, this
 * lets it use the libraries of the system (FFmpeg) as if they were the machine's own codec.
 */
export const h264 = {
  'media.webrtc.hw.h264.enabled': true,
  'media.navigator.mediadatadecoder_h264_enabled': true,
  'media.webrtc.simulcast.h264.enabled': true,
  'gfx.blacklist.webrtc.hw.acceleration.h264': 1, // 1: allowed
};

export class Firefox {
  #socket;
  #next = 1;
  #asked = new Map();
  #pages = new Map();

  static async launch(more = {}) {
    const firefox = new Firefox();
    firefox.folder = await mkdtemp(join(tmpdir(), 'diemcau-firefox-'));
    const lines = Object.entries({ ...preferences, ...more }).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    await writeFile(join(firefox.folder, 'user.js'), lines.join('\n'));
    firefox.process = spawn(process.env.FIREFOX ?? 'firefox-esr', ['--headless', '--no-remote', '--profile', firefox.folder, '--remote-debugging-port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
    firefox.said = [];
    try {
      const address = await new Promise((found, failed) => {
        firefox.process.once('error', failed);
        firefox.process.once('exit', (code) => failed(new Error(`firefox ended with ${code}: ${firefox.said.join('\n')}`)));
        createInterface(firefox.process.stderr).on('line', (line) => {
          firefox.said.push(line);
          const [, at] = /WebDriver BiDi listening on (ws:\S+)/.exec(line) ?? [];
          if (at) found(at);
        });
      });
      await firefox.#connect(`${address}/session`);
    } catch (err) {
      await firefox.close();
      throw err;
    }
    return firefox;
  }

  async #connect(address) {
    this.#socket = new WebSocket(address, { perMessageDeflate: false, maxPayload: 1 << 28 });
    await once(this.#socket, 'open');
    this.#socket.on('message', (data) => this.#on(JSON.parse(String(data))));
    this.#socket.on('close', () => {
      for (const { failed } of this.#asked.values()) failed(new Error('firefox is gone'));
    });
    const { capabilities } = await this.send('session.new', { capabilities: {} });
    this.version = capabilities.browserVersion;
    await this.send('session.subscribe', { events: ['log.entryAdded', 'network.beforeRequestSent', 'network.responseCompleted'] });
  }

  #on(message) {
    const asked = this.#asked.get(message.id);
    if (asked) {
      this.#asked.delete(message.id);
      if (message.type === 'error') asked.failed(new Error(`${asked.method}: ${message.error}: ${message.message}`));
      else asked.done(message.result);
      return;
    }
    this.#pages.get(message.params?.source?.context ?? message.params?.context)?.heard(message);
  }

  /** One command of https://w3c.github.io/webdriver-bidi/. */
  send(method, params = {}) {
    const id = this.#next++;
    return new Promise((done, failed) => {
      this.#asked.set(id, { method, done, failed });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** A page with cookies and storage of its own; before runs in it before anything of its own. */
  async page({ width = 1440, height = 900, lang = 'vi', before } = {}) {
    const { userContext } = await this.send('browser.createUserContext');
    const { context } = await this.send('browsingContext.create', { type: 'tab', userContext });
    await this.send('browsingContext.setViewport', { context, viewport: { width, height }, devicePixelRatio: 1 });
    const page = new Page(this, context);
    page.gone = () => this.#pages.delete(context);
    this.#pages.set(context, page);
    await page.first((code) => location.protocol.startsWith('http') && localStorage.setItem('diemcau.lang', code), lang);
    if (before) await page.first(before);
    return page;
  }

  get pages() {
    return [...this.#pages.values()];
  }

  async close() {
    this.#socket?.close();
    if (this.process.exitCode === null && this.process.signalCode === null && this.process.pid) {
      this.process.kill('SIGKILL');
      await once(this.process, 'exit');
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What a page reports to nobody: the console's errors, uncaught ones, refused requests. */
class Page {
  faults = [];
  refusals = [];
  #answers = [];

  constructor(firefox, context) {
    this.firefox = firefox;
    this.context = context;
  }

  heard({ method, params }) {
    if (method === 'log.entryAdded' && params.level === 'error') this.faults.push(params.text);
    if (method === 'network.responseCompleted' && params.response.status >= 400) this.refusals.push(`${params.response.status} ${params.request.method} ${params.request.url}`);
    if (method === 'network.beforeRequestSent' && params.isBlocked) void this.#answer(params.request);
  }

  async #answer({ request, url, method }) {
    const how = this.#answers.find((one) => url.includes(one.part) && method === one.method);
    if (!how) return this.firefox.send('network.continueRequest', { request });
    const headers = Object.entries(how.headers ?? {}).map(([name, value]) => ({ name, value: { type: 'string', value } }));
    return this.firefox.send('network.provideResponse', { request, statusCode: how.status, headers, body: { type: 'string', value: how.body ?? '' } });
  }

  /** Requests of this method whose address has this part get this answer instead of the server's. */
  async route(part, method, answer) {
    if (this.#answers.length === 0) await this.firefox.send('network.addIntercept', { phases: ['beforeRequestSent'], contexts: [this.context] });
    this.#answers.unshift({ part, method, ...answer });
  }

  async first(what, ...args) {
    await this.firefox.send('script.addPreloadScript', { functionDeclaration: `() => { (${what})(...${JSON.stringify(args)}); }`, contexts: [this.context] });
  }

  async goto(url) {
    await this.firefox.send('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  /** Runs in the page as if the person had just touched it; arguments and result are JSON. */
  async evaluate(what, ...args) {
    const { type, result, exceptionDetails } = await this.firefox.send('script.callFunction', {
      functionDeclaration: `async () => JSON.stringify(await (${what})(...${JSON.stringify(args)}))`,
      target: { context: this.context },
      awaitPromise: true,
      userActivation: true,
    });
    if (type === 'exception') throw new Error(exceptionDetails.text);
    return result.type === 'string' ? JSON.parse(result.value) : undefined;
  }

  /** Waits until the page has what the selector names. */
  async waitFor(selector, within) {
    await until(() => this.evaluate((one) => document.querySelector(one) !== null, selector), `${selector} is on the page`, within);
  }

  async click(selector) {
    await this.waitFor(selector);
    await this.evaluate((one) => document.querySelector(one).click(), selector);
  }

  async screenshot(path) {
    const { data } = await this.firefox.send('browsingContext.captureScreenshot', { context: this.context, origin: 'viewport' });
    await writeFile(path, Buffer.from(data, 'base64'));
  }

  async close() {
    this.gone();
    await this.firefox.send('browsingContext.close', { context: this.context });
  }
}
