// P7: the player of the page is sent to an edge and comes back when that dies; a page that
// was opened before there were edges, and may not go to one, stays.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';
import { inbound, watch } from './lib/viewer.mjs';

const id = 'dat-dai-2022';

/** How many viewers a server has; an edge is three to its origin. */
async function viewers(server) {
  const found = (await server.metrics()).match(/^diemcau_media_viewers\{[^}]*\} (\d+)$/m);
  return Number(found?.[1] ?? 0);
}

/** Waits until the origin sends viewers to so many edges that show the programme. */
const known = (origin, n) =>
  until(async () => [...(await origin.metrics()).matchAll(/^diemcau_edge_shows\{[^}]*\} 1$/gm)].length === n, `${n} edges show the programme`);

/** Waits until the page's picture goes on by WebRTC. */
async function plays(page) {
  const frames = async () => (await inbound(page)).find((s) => s.kind === 'video')?.frames ?? 0;
  const before = await frames();
  await until(async () => {
    const now = await frames();
    return now > 0 && now !== before;
  }, 'there is a picture');
}

/** Starts an origin and as many edges; runs what, and stops those that are left. */
async function withEdges(n, args, what) {
  const origin = await Server.start();
  const edges = [];
  try {
    for (let i = 0; i < n; i++) edges.push(await Server.startEdge(origin, ...args));
    await known(origin, n);
    await what(origin, edges);
  } finally {
    for (const edge of edges) await edge.stop();
    await origin.stop();
  }
}

test('P7 the player goes to an edge by WebRTC, and to the other when that is killed', async () => {
  await withEdges(2, [], async (origin, edges) => {
    await inBrowser('edges', async (browser) => {
      const page = await watch(browser, origin);
      await plays(page);
      const counts = await Promise.all(edges.map(viewers));
      assert.deepEqual(counts.toSorted(), [0, 1], 'the viewer is at one of the edges');
      assert.equal(await viewers(origin), 6, 'the origin has the edges alone');
      const [gone, left] = counts[0] === 1 ? edges : edges.toReversed();
      await gone.kill();
      const killed = Date.now();
      await until(async () => (await viewers(left)) === 1, 'the viewer has come to the other edge');
      await plays(page);
      console.log(`P7 the player had the picture again ${Date.now() - killed} ms after its edge was killed`);
      noFaults(page);
    });
  });
});

test('P7 a page that was opened before there were edges stays', async () => {
  const origin = await Server.start();
  let edge;
  try {
    await inBrowser('edges-late', async (browser) => {
      const context = await browser.newContext({ viewport: { width: 360, height: 780 }, locale: 'vi-VN' });
      const page = await open(context, `${origin.url}/c/${id}`);
      edge = await Server.startEdge(origin);
      await known(origin, 1);
      await page.getByTestId('play').click();
      await page.locator('[data-testid="player"][data-phase="playing"]').waitFor();
      assert.equal(await viewers(edge), 0, 'the page may not go to the edge');
      assert.equal(await viewers(origin), 4, 'it is at the origin, beside the edge');
    });
  } finally {
    await edge?.stop();
    await origin.stop();
  }
});

test('P7 the player goes to an edge by HLS, and elsewhere when that is killed', async () => {
  await withEdges(1, ['--edge-hls'], async (origin, [edge]) => {
    await until(async () => (await fetch(`${edge.url}/live/${id}/v2.m3u8`)).ok, 'the edge has HLS');
    await inBrowser('edges-hls', async (browser) => {
      const context = await browser.newContext({ viewport: { width: 360, height: 780 }, locale: 'vi-VN' });
      const page = await open(context, `${origin.url}/c/${id}`);
      await page.route('**/whep*', (route) =>
        route.fulfill({ status: 503, headers: { 'Retry-After': '300' }, contentType: 'application/problem+json', body: '{"code":"media.full"}' }),
      );
      const asked = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.getByTestId('play').click();
      const picture = page.locator('[data-testid="player"][data-way="hls"][data-shows="picture"]');
      await picture.waitFor();
      assert.ok(asked.some((url) => url.startsWith(`${edge.url}/live/${id}/v`)), `the programme comes from the edge: ${asked.slice(-5)}`);
      await edge.kill();
      const killed = Date.now();
      const segment = new RegExp(`^${origin.url}/live/${id}/v\\d-\\d+\\.m4s$`);
      await until(() => asked.some((url) => segment.test(url)), 'the programme comes from the origin');
      await picture.waitFor();
      console.log(`P7 HLS came from elsewhere ${Date.now() - killed} ms after the edge was killed`);
    });
  });
});
