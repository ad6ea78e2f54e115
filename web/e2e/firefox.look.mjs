// Firefox as a distribution ships it (`make firefox`): it plays the programme by WebRTC and
// by HLS, a venue joins from it, and every page opens in it without an error.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Firefox, h264 } from './lib/firefox.mjs';
import { underWay } from './lib/late.mjs';
import { root, Server, until } from './lib/server.mjs';

const conference = 'dat-dai-2022';
const screens = join(root, 'artifacts/firefox');
const sizes = { 360: 780, 1440: 900 };
let server;

before(async () => {
  await mkdir(screens, { recursive: true });
  server = await Server.start();
});
after(() => server.stop());

/** Runs what a test does in a Firefox; when it fails, its pages are photographed. */
async function inFirefox(name, preferences, what) {
  const firefox = await Firefox.launch(preferences);
  try {
    return await what(firefox);
  } catch (err) {
    for (const [i, page] of firefox.pages.entries()) {
      console.log(name, i, page.faults, page.refusals);
      await page.screenshot(join(screens, `failed-${name}-${i}.png`)).catch(() => undefined);
    }
    throw err;
  } finally {
    await firefox.close();
  }
}

/** Watches every connection the page makes. */
function probe() {
  window.negotiations = 0;
  window.peers = [];
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
      this.addEventListener('negotiationneeded', () => window.negotiations++);
    }
  };
}

const reports = (page, direction) => page.evaluate(async (type) => {
  const found = [];
  for (const peer of window.peers) {
    if (peer.connectionState !== 'connected') continue;
    for (const stat of (await peer.getStats()).values()) if (stat.type === type) found.push({ ...stat });
  }
  return found;
}, direction);

async function watch(firefox, more = {}) {
  const page = await firefox.page({ width: 360, height: 780, before: probe });
  for (const [part, method, answer] of more.routes ?? []) await page.route(part, method, answer);
  await page.goto(`${server.url}/c/${conference}`);
  await page.click('[data-testid="play"]');
  return page;
}

async function signIn(firefox, role, { hash = '', ...looks } = {}, ...which) {
  const [link] = await server.links(role, ...which);
  const page = await firefox.page(looks);
  await page.goto(hash ? `${link.url}&${hash}` : link.url);
  await page.click('[data-testid="sign-in"]');
  await until(() => page.evaluate(() => document.querySelector('[data-testid="sign-in"]') === null), `${role} is signed in`);
  return page;
}

function quiet(page) {
  assert.deepEqual(page.faults, [], 'the page reported errors');
}

test('Firefox plays the programme by WebRTC through changes of the floor', () =>
  inFirefox('webrtc', h264, async (firefox) => {
    const play = server.rehearse('--venues=3', '--citizens=2', '--for=60s');
    const page = await watch(firefox);
    await page.waitFor('[data-testid="player"][data-phase="playing"][data-shows="picture"]');
    const negotiations = await page.evaluate(() => window.negotiations);
    const comes = async (kind) => (await reports(page, 'inbound-rtp')).find((one) => one.kind === kind && one.packetsReceived > 0);
    const began = await until(() => comes('video'), 'pictures come');
    const { code, output } = await play.done;
    assert.equal(code, 0, output);
    const turns = Number(/floor\s+(\d+) turns/.exec(output)?.[1] ?? 0);
    const [video, audio] = [await comes('video'), await comes('audio')];
    const seconds = (video.timestamp - began.timestamp) / 1000;
    const shown = {
      version: firefox.version, seconds, turns, decoded: video.framesDecoded - began.framesDecoded, keyframes: video.keyFramesDecoded,
      height: video.frameHeight, lost: [video.packetsLost, audio.packetsLost], nack: video.nackCount, pli: video.pliCount,
      freezes: video.freezeCount, frozen: video.totalFreezesDuration, dropped: video.framesDropped, heard: audio.totalSamplesReceived, concealed: audio.concealedSamples,
      peers: await page.evaluate(() => window.peers.length), negotiations,
    };
    console.log(JSON.stringify(shown));
    await page.screenshot(join(screens, 'watch-webrtc.png'));
    assert.ok(turns > 0, `the floor changed: ${output}`);
    assert.equal(video.ssrc, began.ssrc, 'one and the same picture');
    // A machine without time for it drops what it got; that is in the figures above.
    assert.ok(video.framesReceived - began.framesReceived > seconds * 10 && shown.decoded > 60, 'pictures come and are decoded');
    assert.ok(audio.totalSamplesReceived > 0 && audio.packetsReceived > seconds * 40, 'sound comes');
    assert.deepEqual([await page.evaluate(() => window.peers.length), await page.evaluate(() => window.negotiations)], [1, negotiations], 'one connection, never negotiated again');
    quiet(page);
  }));

test('Firefox plays the programme by HLS where no place by WebRTC is left', () =>
  inFirefox('hls', h264, async (firefox) => {
    await underWay(server);
    const page = await watch(firefox, { routes: [['/whep', 'POST', { status: 503, headers: { 'Retry-After': '300', 'Content-Type': 'application/problem+json' }, body: '{"code":"media.full"}' }]] });
    await playsByHls(page);
    await page.screenshot(join(screens, 'watch-hls.png'));
    quiet(page);
  }));

async function playsByHls(page) {
  await page.waitFor('[data-testid="player"][data-way="hls"][data-shows="picture"]');
  const at = () => page.evaluate(() => document.querySelector('[data-testid="player"] video').currentTime);
  const before = await at();
  await until(async () => (await at()) > before + 5, 'five more seconds are played');
}

test('Firefox without H.264 in WebRTC: the viewer gets HLS, the venue a sentence that tells what to do', () =>
  inFirefox('without', {}, async (firefox) => {
    await underWay(server);
    const page = await watch(firefox);
    await playsByHls(page);
    assert.equal(await page.evaluate(() => window.peers.length), 0, 'nothing is offered that cannot work');
    quiet(page);
    const venue = await signIn(firefox, 'venue', {}, '--venue=ba-vi');
    await venue.waitFor('.check [role="alert"]');
    await until(() => venue.evaluate(() => document.querySelector('[data-testid="enter"]').disabled), 'joining is not offered');
    await venue.screenshot(join(screens, 'venue-without.png'));
    quiet(venue);
  }));

test('Firefox joins as a venue, hears and sees; its pictures arrive, or the page says that they do not', () =>
  inFirefox('venue', h264, async (firefox) => {
    const page = await signIn(firefox, 'venue', { before: probe, height: 1600 }, '--venue=ba-vi');
    await page.click('[data-testid="enter"]:not(:disabled)');
    await page.click('[data-testid="ready"]:not(:disabled)');
    await page.waitFor('[data-testid="not-ready"]');
    const sent = async (kind) => (await reports(page, 'outbound-rtp')).filter((one) => one.kind === kind);
    await until(async () => (await sent('audio')).some((one) => one.packetsSent > 100), 'sound is sent');
    const said = await until(async () => {
      const video = await sent('video');
      if (video.some((one) => one.framesEncoded > 30)) return video.map(({ rid, frameWidth, framesEncoded }) => ({ rid, frameWidth, framesEncoded }));
      return page.evaluate(() => document.querySelector('[data-testid="line"][data-causes~="noPicture"]')?.innerText);
    }, 'pictures are sent, or the page says that none arrive');
    console.log(firefox.version, JSON.stringify(said));
    await page.screenshot(join(screens, 'venue.png'));
    if (typeof said === 'string') {
      assert.match(said, /Chrome/, 'the page tells what to do');
      assert.doesNotMatch(said, /Đường truyền yếu/, 'it does not blame the line');
    }
    await until(async () => (await reports(page, 'inbound-rtp')).some((one) => one.framesDecoded > 30), 'the programme is shown');
    quiet(page);
  }));

test('every page opens in Firefox without an error, at 360 and 1440 px', () =>
  inFirefox('pages', h264, async (firefox) => {
    const code = await server.ask('Gia đình tôi nộp hồ sơ cấp Giấy chứng nhận lần đầu từ tháng 3/2021, bao giờ có kết quả?');
    const open = { home: ['/', 'article'], conference: [`/c/${conference}`, 'form'], track: [`/q#${code}`, 'ol'], replay: [`/c/${conference}/replay`, 'main .title h1'], register: [`/c/${conference}/register`, 'main h1'], ticket: ['/ticket', 'form'] };
    const staff = { moderator: '[role=listbox]', registrar: 'main h1', official: '.tools', admin: 'tbody tr', stage: 'main h2', venue: 'main h2' };
    for (const [width, height] of Object.entries(sizes)) {
      const looks = { width: Number(width), height };
      for (const [name, [path, there]] of Object.entries(open)) {
        const page = await firefox.page(looks);
        await page.goto(server.url + path);
        await seen(page, name, width, there);
      }
      for (const [role, there] of Object.entries(staff)) {
        await seen(await signIn(firefox, role, looks, ...(role === 'venue' ? ['--venue=ba-vi'] : [])), role, width, there);
      }
    }
    await seen(await signIn(firefox, 'screen', { width: 1920, height: 1080 }), 'screen', 1920, 'footer strong');
  }));

async function seen(page, name, width, there) {
  await page.waitFor(there);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.screenshot(join(screens, `${name}-${width}.png`));
  assert.ok(wide <= 0, `${name} at ${width} px is ${wide} px too wide`);
  quiet(page);
  await page.close();
}
