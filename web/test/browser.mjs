// A Chromium for looking at pages: one context per person, faults collected.
import { chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Starts the browser; devices are fake and the page's own consent is not asked. */
export function launch() {
  return chromium.launch({
    executablePath,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
    ],
  });
}

/**
 * A page of its own, with a list that fills with console errors, uncaught exceptions and
 * breaches of the content security policy.
 */
export async function person(browser, { width, height, dark = false, lang = 'vi', touch = false }) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    hasTouch: touch,
    locale: lang === 'vi' ? 'vi-VN' : 'en-GB',
    permissions: [],
  });
  await context.addInitScript((code) => localStorage.setItem('diemcau.lang', code), lang);
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  return { context, page, faults };
}

/** Opens a staff link and presses its one button; resolves when the page itself is there. */
export async function signIn(page, url) {
  await page.goto(url);
  const entered = page.waitForResponse(
    (response) => response.url().endsWith('/api/v1/session') && response.request().method() === 'POST',
  );
  await page.locator('main button').click();
  await entered;
  await page.waitForFunction(() => !location.hash.startsWith('#t='));
}
