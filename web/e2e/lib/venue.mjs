// A venue's page, from the link to the conference, and the pictures it shows.
import { frames, signIn } from './browser.mjs';
import { until } from './server.mjs';

/** City Hall of the demonstration. */
export const main = 'ubnd-thanh-pho';

/** Signs a venue in, checks the devices, joins and is ready. */
export async function enter(browser, server, venue, video) {
  const [link] = await server.links('venue', `--venue=${venue}`);
  const page = await signIn(browser, link, { hash: `video=${video}` });
  await page.getByTestId('enter').click();
  await page.getByTestId('ready').click();
  return page;
}

/** Waits until a slot of a page decodes more frames than it has. */
export async function grows(page, slot, venue, more = 5) {
  const before = await until(async () => (await page.locator(`video[data-slot="${slot}"]${venue ? `[data-venue="${venue}"]` : ''}`).count()) > 0 && { n: await frames(page, slot, venue) }, `slot ${slot} shows ${venue || 'something'}`);
  await until(async () => (await frames(page, slot, venue)) >= before.n + more, `frames grow in slot ${slot} of ${venue || page.url().split('#')[0]}`);
}
