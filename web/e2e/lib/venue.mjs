// A venue's page, from the link to the conference, and the pictures it shows.
import { frames, signIn } from './browser.mjs';
import { until } from './server.mjs';

/** City Hall of the demonstration. */
export const main = 'ubnd-thanh-pho';

/** Signs a venue in, checks the devices (and, if measured, the line), joins and is ready. */
export async function enter(browser, server, venue, video, { measured = false } = {}) {
  const [link] = await server.links('venue', `--venue=${venue}`);
  const page = await signIn(browser, link, { hash: `video=${video}` });
  // The line is known before anybody joins: the programme, or its slate, arrives.
  if (measured) await page.locator('[data-testid="line-before"]:is([data-verdict="good"], [data-verdict="fair"], [data-verdict="weak"])').waitFor();
  await page.getByTestId('enter').click();
  await page.getByTestId('ready').click();
  return page;
}

/** Waits until a slot of a page decodes more frames than it has. */
export async function grows(page, slot, venue, more = 5) {
  const before = await until(async () => (await page.locator(`video[data-slot="${slot}"]${venue ? `[data-venue="${venue}"]` : ''}`).count()) > 0 && { n: await frames(page, slot, venue) }, `slot ${slot} shows ${venue || 'something'}`);
  await until(async () => (await frames(page, slot, venue)) >= before.n + more, `frames grow in slot ${slot} of ${venue || page.url().split('#')[0]}`);
}
