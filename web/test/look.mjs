// J8: looks at every page of a running server (diemcau serve --demo): screenshots at the
// widths people have, light and dark, in both languages; axe finds nothing; no error is
// logged.
//
//   node test/look.mjs http://127.0.0.1:8080 links.json out-dir [page …]
//
// links.json is a list of {role, venue?, url} as `diemcau links --json` prints it.
import { mkdirSync, readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { WebSocket } from 'ws';
import { launch, person, signIn } from './browser.mjs';

const [base, linksFile, out, ...only] = process.argv.slice(2);
if (!base || !linksFile || !out) {
  console.error('usage: node test/look.mjs URL links.json out-dir [page …]');
  process.exit(2);
}
const links = JSON.parse(readFileSync(linksFile, 'utf8'));
const link = (role) => {
  const found = links.find((entry) => entry.role === role);
  if (!found) throw new Error(`look: no link for ${role}`);
  return new URL(new URL(found.url).pathname + new URL(found.url).hash, base).href;
};

const [conference] = await (await fetch(new URL('/api/v1/conferences', base))).json();
// The catalogue of topics comes over the socket; the first one will do.
const topic = await new Promise((resolve, reject) => {
  const socket = new WebSocket(new URL(`/api/v1/conferences/${conference.id}/socket`, base).href.replace('http', 'ws'), 'diemcau.v1');
  socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', hello: { protocols: [1] } })));
  socket.on('error', reject);
  socket.on('message', (data) => {
    const message = JSON.parse(String(data));
    if (message.type !== 'snapshot') return;
    socket.close();
    resolve(message.snapshot.conference.topics[0].id);
  });
});
const asked = await (
  await fetch(new URL(`/api/v1/conferences/${conference.id}/questions`, base), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      idempotencyKey: 'look-at-the-pages-0001',
      topic,
      body: 'Gia đình tôi nộp hồ sơ cấp Giấy chứng nhận lần đầu từ tháng 3/2021, bao giờ có kết quả?',
    }),
  })
).json();

const pages = {
  home: { path: '/', ready: 'article', counted: true },
  conference: { path: `/c/${conference.id}`, ready: 'form', counted: true },
  track: { path: asked.code ? `/q#${asked.code}` : '/q', ready: asked.code ? 'ol' : 'form', counted: true },
  replay: { path: `/c/${conference.id}/replay`, ready: 'main .title h1' },
  register: { path: `/c/${conference.id}/register`, ready: '[data-testid=register-form]', counted: true },
  ticket: { path: '/ticket', ready: 'form', counted: true },
  door: { path: '/moderate', ready: 'main h1' },
  link: { path: link('moderator'), ready: 'main button' },
  moderate: { sign: link('moderator'), ready: '[role=listbox], .state' },
  screen: { sign: link('screen'), ready: 'footer strong', widths: [1920] },
  admin: { sign: link('admin'), ready: 'tbody tr' },
  prepare: { sign: link('admin'), press: 'view-prepare', ready: '[data-testid=setup]' },
  desk: { sign: link('registrar'), ready: 'main h1' },
  answer: { sign: link('official'), ready: '.tools' },
  venue: { sign: link('venue'), ready: 'main h1, main h2, main button' },
  stage: { sign: link('stage'), ready: 'main h1, main h2, main button' },
};
const heights = { 360: 780, 1440: 900, 1920: 1080 };

mkdirSync(out, { recursive: true });
const browser = await launch();
let bad = 0;
for (const [name, page] of Object.entries(pages)) {
  if (only.length > 0 && !only.includes(name)) continue;
  for (const width of page.widths ?? [360, 1440]) {
    for (const [dark, lang] of [[false, 'vi'], [true, 'en']]) {
      const shot = `${name}-${width}-${dark ? 'dark' : 'light'}-${lang}`;
      const who = await person(browser, { width, height: heights[width], dark, lang, touch: width < 600 });
      try {
        if (page.sign) await signIn(who.page, page.sign);
        else await who.page.goto(new URL(page.path, base).href);
        if (page.press) await who.page.getByTestId(page.press).click();
        await who.page.locator(page.ready).first().waitFor({ timeout: 15_000 });
        await who.page.evaluate(() => document.fonts.ready);
        await who.page.screenshot({ path: `${out}/${shot}.png`, fullPage: width < 1900 });
        const wide = await who.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) who.faults.push(`page is ${wide} px wider than the window`);
        // What the page really loaded by itself, compressed; scripts/budget.mjs knows the static imports only.
        if (page.counted) {
          const loaded = await who.page.evaluate(() =>
            performance
              .getEntriesByType('resource')
              .filter((entry) => new URL(entry.name).pathname.endsWith('.js'))
              .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
          );
          // The budget is a Vietnamese phone's; English brings its words, a wide window what a phone scrolls to.
          const most = width === 360 && lang === 'vi' ? 40_000 : 50_000;
          if (loaded === 0 || loaded > most) who.faults.push(`page loaded ${loaded} bytes of JavaScript, at most ${most}`);
          else console.log(`     ${loaded} bytes of JavaScript, at most ${most}`);
        }
        const { violations } = await new AxeBuilder({ page: who.page })
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
          .analyze();
        for (const violation of violations) {
          who.faults.push(`axe ${violation.id}: ${violation.help} ${violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
        }
      } catch (error) {
        who.faults.push(String(error));
        await who.page.screenshot({ path: `${out}/${shot}-failed.png` });
      }
      bad += who.faults.length;
      console.log(`${who.faults.length === 0 ? 'ok  ' : 'FAIL'} J8 ${shot}`);
      for (const fault of who.faults) console.log(`     ${fault}`);
      await who.context.close();
    }
  }
}
await browser.close();
console.log(bad === 0 ? 'J8 pages ok' : `J8 pages: ${bad} faults`);
process.exit(bad === 0 ? 0 : 1);
