// J4: a citizen asks from a phone, two moderators race, one refuses and one approves, the
// stage puts a question on air, the screen and the asker see it; then the network goes and
// comes back. Runs against a fresh `diemcau serve --demo`; leaves screenshots.
//
//   node test/walk.mjs http://127.0.0.1:8080 links.json out-dir
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { launch, person, signIn } from './browser.mjs';

const [base, linksFile, out] = process.argv.slice(2);
if (!base || !linksFile || !out) {
  console.error('usage: node test/walk.mjs URL links.json out-dir');
  process.exit(2);
}
const links = JSON.parse(readFileSync(linksFile, 'utf8'));
const link = (role) => {
  const { pathname, hash } = new URL(links.find((entry) => entry.role === role).url);
  return new URL(pathname + hash, base).href;
};
const [conference] = await (await fetch(new URL('/api/v1/conferences', base))).json();
mkdirSync(out, { recursive: true });
const browser = await launch();
const everybody = [];
const enter = async (options) => {
  const who = await person(browser, options);
  everybody.push(who);
  return who;
};
const shot = (page, name) => page.screenshot({ path: `${out}/${name}.png` });
const long = `${'Gia đình tôi nộp hồ sơ chuyển mục đích sử dụng đất vườn sang đất ở từ tháng 5/2021 tại bộ phận một cửa. '.repeat(6).slice(0, 580)} Bao giờ có kết quả?`;
assert.ok([...long].length <= 600);

async function ask(page, topic, words) {
  await page.goto(new URL(`/c/${conference.id}`, base).href);
  await page.locator('input[name=topic]').nth(topic).check();
  await page.locator('form button[type=submit]').click();
  await page.locator('form select').selectOption({ index: topic + 1 });
  await page.locator('form button[type=submit]').click();
  await page.locator('form textarea').fill(words);
  await shot(page, `ask-${topic}`);
  await page.locator('form button[type=submit]').click();
  return (await page.getByTestId('code').textContent()).trim();
}

// Five questions from three phones.
const phones = [];
for (let n = 0; n < 3; n++) phones.push(await enter({ width: 360, height: 780, touch: true, dark: n === 1 }));
const codes = [];
const words = [long, 'Bao giờ tôi được cấp sổ đỏ lần đầu?', 'Tôi muốn tố cáo cán bộ xã.', 'Đất dịch vụ của thôn tôi khi nào giao?', 'Phí trích đo là bao nhiêu?'];
for (const [n, text] of words.entries()) codes.push(await ask(phones[n % 3].page, n, text));
assert.equal(new Set(codes).size, 5, 'five codes');
await shot(phones[1].page, 'asked-360-dark');

// Two moderators press N at the same time, until nothing waits: no question for two.
const moderators = [await enter({ width: 1440, height: 900 }), await enter({ width: 1440, height: 900, dark: true })];
for (const [n, { page }] of moderators.entries()) {
  await signIn(page, link('moderator'));
  await page.getByRole('listbox').waitFor();
  await shot(page, `moderate-queue-${n}`);
}
await Promise.all(moderators.map(({ page }) => page.keyboard.press('n')));
const card = ({ page }) => page.locator('article .text');
await Promise.all(moderators.map((who) => card(who).waitFor()));
const [first, second] = await Promise.all(moderators.map((who) => card(who).textContent()));
assert.notEqual(first, second, 'two moderators hold two questions');
for (const [n, { page }] of moderators.entries()) await shot(page, `moderate-card-${n}`);
await Promise.all(
  moderators.map(async (who) => {
    await who.page.getByRole('button', { name: /^Duyệt/ }).waitFor();
    await who.page.keyboard.press('a');
    await who.page.getByRole('status').filter({ hasText: 'Đã duyệt.' }).waitFor();
  }),
);

// The complaint is refused with a reason of the catalogue.
const [judge] = moderators;
await judge.page.getByRole('option').filter({ hasText: 'tố cáo' }).click();
await judge.page.keyboard.press('r');
const dialog = judge.page.getByRole('dialog');
await dialog.waitFor();
await judge.page.keyboard.press('2');
await shot(judge.page, 'moderate-refuse');
await dialog.locator('button[type=submit]').click();
await dialog.waitFor({ state: 'hidden' });
await judge.page.keyboard.press('e').catch(() => undefined);
await judge.page.getByRole('dialog').waitFor();
await shot(judge.page, 'moderate-edit');
await judge.page.getByRole('dialog').locator('button[type=submit]').click();
await judge.page.getByRole('dialog').waitFor({ state: 'hidden' });
await judge.page.keyboard.press('?');
await judge.page.getByRole('dialog').waitFor();
await shot(judge.page, 'moderate-help');
await judge.page.keyboard.press('Escape');

const asker = await enter({ width: 360, height: 780, touch: true });
await asker.page.goto(new URL(`/q#${codes[2]}`, base).href);
await asker.page.getByText('khiếu nại hoặc tố cáo').waitFor();
await asker.page.getByText('Ban Tiếp công dân').first().waitFor();
await asker.page.screenshot({ path: `${out}/refused-360.png`, fullPage: true });
console.log('ok   J4 five questions, two moderators, one refusal with reason and next door');

// One question on air: the screen, the asker and the public page see it.
const follower = await enter({ width: 1440, height: 900 });
await follower.page.goto(new URL(`/q#${codes[0]}`, base).href);
await follower.page.locator('ol').waitFor();
const screen = await enter({ width: 1920, height: 1080 });
await signIn(screen.page, link('screen'));
const stage = await enter({ width: 1440, height: 900 });
await signIn(stage.page, link('stage'));
await stage.page.evaluate(
  ([id, start]) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/api/v1/conferences/${id}/socket`, 'diemcau.v1');
      const todo = ['question.queue', 'question.air'];
      let question = '';
      const next = () => {
        const name = todo.shift();
        if (!name) return resolve(undefined);
        socket.send(JSON.stringify({ type: 'command', id: `walk-${name}-0123456789abcdef`.replace('.', '-'), name, data: { id: question } }));
      };
      socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', hello: { protocols: [1], role: 'stage' } }));
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === 'snapshot') {
          question = message.snapshot.questions.find((entry) => entry.text.startsWith(start)).id;
          next();
        }
        if (message.type === 'reply') message.reply.error ? reject(new Error(message.reply.error.code)) : next();
      };
    }),
  [conference.id, long.slice(0, 40)],
);
await screen.page.getByText(long.slice(0, 40)).first().waitFor();
await screen.page.screenshot({ path: `${out}/screen-on-air.png` });
const cut = await screen.page.evaluate(() => {
  const box = document.querySelector('.question .box');
  return box.scrollHeight - box.clientHeight;
});
assert.ok(cut <= 0, `the screen cuts ${cut} px off`);
await follower.page.getByRole('heading', { name: 'đang được nêu' }).waitFor();
await follower.page.screenshot({ path: `${out}/on-air-asker-1440.png`, fullPage: true });
const viewer = await enter({ width: 1440, height: 900, dark: true });
await viewer.page.goto(new URL(`/c/${conference.id}`, base).href);
await viewer.page.locator('.on-air .text').waitFor();
await viewer.page.screenshot({ path: `${out}/conference-1440-dark.png`, fullPage: true });
await phones[0].page.screenshot({ path: `${out}/conference-360.png`, fullPage: true });
console.log('ok   J4 one question on the screen');

// J5: asked without a network, sent when it is back, once.
const lost = phones[2];
await lost.page.goto(new URL(`/c/${conference.id}`, base).href);
await lost.page.locator('input[name=topic]').first().check();
await lost.page.locator('form button[type=submit]').click();
await lost.page.locator('form button[type=submit]').click();
await lost.page.locator('form textarea').fill('Hỏi khi mất mạng?');
await lost.context.setOffline(true);
await lost.page.locator('form button[type=submit]').click();
await lost.page.locator('form button[aria-busy=true]').waitFor();
await shot(lost.page, 'ask-offline');
await lost.context.setOffline(false);
const late = (await lost.page.getByTestId('code').textContent({ timeout: 60_000 })).trim();
assert.ok(!codes.includes(late));
console.log('ok   J5 a question asked without a network is sent once it is back');

let faults = 0;
for (const who of everybody) {
  // Being offline is what was asked for; the browser logs it as an error.
  for (const fault of who.faults.filter((text) => !/ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(text))) {
    faults += 1;
    console.log(`FAIL ${who.page.url().replace(/#.*/, '')}: ${fault}`);
  }
}
await browser.close();
process.exit(faults === 0 ? 0 : 1);
