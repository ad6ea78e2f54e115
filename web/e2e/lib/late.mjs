// A viewer by HLS whose video element is watched from within the page: what it shows, where
// it stood, and whether that was for want of data, of the machine, or because what it had
// could not be played.
import { open } from './browser.mjs';
import { until } from './server.mjs';

/** Runs in the page, before anything of it. */
function probe() {
  const seen = { stalls: [], jumps: [], errors: [], heights: [], shown: [], ways: [], frames: 0, slow: 0, worst: 0 };
  window.late = seen;
  const TICK = 50;
  let element;
  let stall;
  let before;
  const ahead = (video) => {
    for (let i = 0; i < video.buffered.length; i++) {
      if (video.buffered.start(i) <= video.currentTime + 0.05 && video.buffered.end(i) >= video.currentTime) return video.buffered.end(i) - video.currentTime;
    }
    return 0;
  };
  const attend = (video) => {
    element = video;
    video.addEventListener('error', () => video.error && seen.errors.push(`${video.error.code} ${video.error.message}`));
    video.addEventListener('seeking', () => {
      if (before === undefined) return;
      const { buffered, currentTime: to } = video;
      const near = (a, b) => Math.abs(a - b) < 0.3;
      // Over a hole: from the end of what was buffered to the beginning of what comes after it.
      const over = [...Array(Math.max(0, buffered.length - 1)).keys()].some((i) => near(buffered.end(i), before.at) && near(buffered.start(i + 1), to));
      seen.jumps.push({ from: before.at, to, over });
    });
    const frame = (_, data) => {
      seen.frames++;
      if (seen.heights.at(-1) !== data.height) seen.heights.push(data.height);
      video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
  };
  let then = performance.now();
  setInterval(() => {
    const now = performance.now();
    // What a tick is late by is the machine's; the page could not have played meanwhile either.
    const lost = Math.max(0, now - then - 2 * TICK);
    const took = now - then - lost;
    then = now;
    seen.slow += lost;
    const player = document.querySelector('[data-testid="player"]');
    const video = player?.querySelector('video');
    if (!video) return;
    if (video !== element) attend(video);
    const shown = document.querySelector('[data-testid="player-caption"]')?.dataset.question ?? '';
    const behind = Number(player.dataset.behind);
    if (seen.ways.at(-1) !== player.dataset.way) seen.ways.push(player.dataset.way);
    if (seen.shown.at(-1)?.question !== shown) seen.shown.push({ question: shown, behind, at: Date.now() });
    if (player.dataset.way !== 'hls' || video.readyState === 0) return;
    seen.worst = Math.max(seen.worst, behind);
    const state = { at: video.currentTime, ahead: ahead(video) };
    if (before !== undefined && state.at === before.at && !video.paused && !video.ended) {
      stall ??= { at: state.at, ms: 0, ahead: state.ahead, beyond: false };
      stall.ms += took;
      stall.ahead = Math.min(stall.ahead, state.ahead);
      stall.beyond ||= [...Array(video.buffered.length).keys()].some((i) => video.buffered.start(i) > state.at + 0.05);
    } else if (stall !== undefined) {
      if (stall.ms > 200) seen.stalls.push(stall);
      stall = undefined;
    }
    before = state;
  }, TICK);
}

/** Resolves once the programme has been on for a few segments: a player that begins has the usual distance. */
export function underWay(server) {
  return until(async () => {
    const list = await fetch(`${server.url}/live/dat-dai-2022/v2.m3u8`);
    return list.ok && (await list.text()).split('#EXTINF').length > 5;
  }, 'the programme has been on for a while');
}

/** Opens the conference page where no place by WebRTC is left, and waits for HLS to play. */
export async function watchLate(browser, server, { quality = 'auto', size = { width: 360, height: 780 } } = {}) {
  await underWay(server);
  const context = await browser.newContext({ viewport: size, locale: 'vi-VN' });
  await context.addInitScript(probe);
  const page = await open(context, `${server.url}/c/dat-dai-2022`);
  await page.route('**/whep', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({ status: 503, headers: { 'Retry-After': '300' }, contentType: 'application/problem+json', body: '{"code":"media.full"}' })
      : route.continue(),
  );
  await page.getByTestId('play').click();
  if (quality !== 'auto') await page.getByTestId('player-quality').selectOption(quality);
  await page.locator('[data-testid="player"][data-way="hls"][data-shows="picture"]').waitFor();
  return page;
}

/** What the page has seen so far. */
export const report = (page) => page.evaluate(() => structuredClone(window.late));

/** Milliseconds the page's picture is behind. */
export const behind = async (page) => Number(await page.getByTestId('player').getAttribute('data-behind'));

/**
 * Publishes to a venue by WHIP as an encoder does: one layer of this size, from a page that is
 * none of ours. Resolves to the page.
 */
export async function encode(browser, server, venue, { width, height, rate }) {
  const [link] = await server.links('venue', `--venue=${venue}`);
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  await page.goto(`${server.url}/livez`);
  await page.evaluate(
    async ({ address, token, width, height, rate }) => {
      const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width, height, frameRate: rate } });
      const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
      window.encoder = peer;
      for (const track of media.getTracks()) peer.addTransceiver(track, { direction: 'sendonly', streams: [media] });
      const { codecs } = RTCRtpSender.getCapabilities('video');
      peer.getTransceivers().find((t) => t.sender.track.kind === 'video').setCodecPreferences(codecs.filter((c) => c.mimeType === 'video/H264'));
      await peer.setLocalDescription(await peer.createOffer());
      const answer = await fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/sdp', Authorization: `Bearer ${token}` }, body: peer.localDescription.sdp });
      if (answer.status !== 201) throw new Error(`WHIP: ${answer.status} ${await answer.text()}`);
      await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    },
    { address: `${server.url}/api/v1/conferences/dat-dai-2022/whip/${venue}`, token: new URL(link.url).hash.replace('#t=', ''), width, height, rate },
  );
  return page;
}
