// A flooded conference asks every phone for a proof of work: the page solves it by itself,
// also where the browser has neither crypto.subtle (plain http) nor workers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, noFaults, open, shot } from './lib/browser.mjs';
import { Server } from './lib/server.mjs';

const phone = { viewport: { width: 360, height: 780 }, locale: 'vi-VN', hasTouch: true, isMobile: true };

/** Asks as a person does and returns the tracking code. */
async function ask(page, text) {
  await page.locator('input[name="topic"]').first().check();
  await page.locator('form button[type="submit"]').click();
  await page.locator('form button[type="submit"]').click();
  await page.locator('form textarea').fill(text);
  await page.locator('form button[type="submit"]').click();
  return (await page.getByTestId('code').textContent()).trim();
}

test('proof of work over plain http, in a worker and without one', async () => {
  const server = await Server.start({ args: ['--proof=always'] });
  // A name that is not this machine's own is no secure context, as in a hall's network.
  const browser = await launch(['--host-resolver-rules=MAP hall.test 127.0.0.1']);
  try {
    const url = server.url.replace('127.0.0.1', 'hall.test');
    for (const workers of [true, false]) {
      const context = await browser.newContext(phone);
      if (!workers) await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'Worker'));
      const page = await open(context, `${url}/c/dat-dai-2022`);
      assert.equal(await page.evaluate(() => isSecureContext || Boolean(crypto.subtle)), false, 'not a secure context');
      const loaded = [];
      page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
      const code = await ask(page, `Bao giờ có sổ đỏ? (${workers ? 'worker' : 'không worker'})`);
      assert.match(code.replace(/[^0-9A-Za-z]/g, ''), /^[0-9A-Za-z]{11}$/);
      assert.ok(loaded.some((path) => path.includes('/prove-')), `the solver was loaded when asked for: ${loaded}`);
      assert.equal(loaded.some((path) => path.includes('/worker-')), workers, `a worker solved it: ${loaded}`);
      // Chromium tells that this header means nothing over plain http.
      page.faults = page.faults.filter((fault) => !fault.includes('Cross-Origin-Opener-Policy'));
      noFaults(page);
      await shot(page, workers ? 'proof-worker-360' : 'proof-slices-360');
      await context.close();
    }
  } finally {
    await browser.close();
    await server.stop();
  }
});
