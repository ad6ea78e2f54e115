// Debian's Chromium with fake devices, and what every page test does with a page.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { root } from './server.mjs';

export const screens = join(root, 'artifacts/screens');

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

export async function launch(more = []) {
  await mkdir(screens, { recursive: true });
  return chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: [...flags, ...more] });
}

/** A page whose uncaught errors and console errors fail the test through page.faults. */
export async function open(context, url) {
  // A busy machine is slow, not wrong: the deadline only guards against hanging.
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (err) => page.faults.push(String(err)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(message.text())) page.faults.push(message.text());
  });
  page.refusals = [];
  page.on('response', async (response) => {
    if (response.status() >= 400) page.refusals.push(`${response.status()} ${response.url()} ${await response.text().catch(() => '')}`);
  });
  await page.goto(url);
  return page;
}

/** Opens a signed link in a browser of its own and presses its one button. */
export async function signIn(browser, link, { hash = '', size = { width: 1440, height: 900 }, lang = 'vi', before } = {}) {
  const context = await browser.newContext({ viewport: size, locale: lang === 'vi' ? 'vi-VN' : 'en-GB', permissions: ['camera', 'microphone'] });
  await context.addInitScript((code) => localStorage.setItem('diemcau.lang', code), lang);
  if (before) await context.addInitScript(before);
  const page = await open(context, hash ? `${link.url}&${hash}` : link.url);
  await page.getByTestId('sign-in').click();
  await page.getByTestId('sign-in').waitFor({ state: 'detached' });
  return page;
}

export async function shot(page, name) {
  await page.screenshot({ path: join(screens, `${name}.png`) });
}

export function noFaults(page) {
  assert.deepEqual(page.faults, [], 'the page reported errors');
}

/** What axe looks for: WCAG 2.2 AA and good practice. */
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Fails with what axe finds on the page as it stands, or on one part of it. */
export async function spotless(page, where, part = 'html') {
  // Colours on their way from light to dark are no colours of the page's.
  await page.evaluate(() => Promise.allSettled(
    document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished)));
  const { violations } = await new AxeBuilder({ page }).include(part).withTags(rules).analyze();
  const found = violations.map((one) => `${one.id}: ${one.help} ${one.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
  assert.deepEqual(found, [], `axe on ${where}`);
}

/** framesDecoded of a slot, as the page publishes it. */
export async function frames(page, slot, venue = '') {
  const selector = venue ? `video[data-slot="${slot}"][data-venue="${venue}"]` : `video[data-slot="${slot}"]`;
  const value = await page.locator(selector).first().getAttribute('data-frames', { timeout: 1000 });
  return Number(value ?? 0);
}

/** Runs what a test does with a browser; when it fails, every open page is photographed. */
export async function inBrowser(name, what) {
  const browser = await launch();
  try {
    return await what(browser);
  } catch (err) {
    for (const [i, page] of browser.contexts().flatMap((context) => context.pages()).entries()) {
      console.log(page.url().split('#')[0], page.faults, page.refusals);
      await page.screenshot({ path: join(screens, `failed-${name}-${i}.png`), timeout: 5000 }).catch(() => undefined);
    }
    throw err;
  } finally {
    await browser.close();
  }
}
