// J4: citizens ask, two moderators race, one question is on the big screen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBrowser, noFaults, open, shot, signIn } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';

const phone = { viewport: { width: 360, height: 780 }, locale: 'vi-VN', hasTouch: true, isMobile: true };
const asked = [
  'Gia đình tôi nộp hồ sơ cấp Giấy chứng nhận lần đầu từ tháng 3/2021, bao giờ có kết quả?',
  'Đất dịch vụ của xã tôi chờ hơn mười năm, thành phố có lộ trình giao đất không?',
  'Phí trích lục bản đồ địa chính hiện nay là bao nhiêu và nộp ở đâu?',
  'Tôi muốn tách thửa cho hai con thì diện tích tối thiểu là bao nhiêu?',
  'Tôi tố cáo cán bộ nhận hồ sơ gây khó khăn, đề nghị xử lý.',
];

/** Asks as a person does: topic, place, words. Resolves to the tracking code. */
async function ask(page, text) {
  await page.locator('input[name="topic"]').first().check();
  await page.locator('form button[type="submit"]').click();
  await page.locator('form button[type="submit"]').click();
  await page.locator('form textarea').fill(text);
  await page.locator('form button[type="submit"]').click();
  const code = (await page.getByTestId('code').textContent()).trim();
  assert.match(code.replace(/[^0-9A-Za-z]/g, ''), /^[0-9A-Za-z]{11}$/, 'a tracking code has ten characters and a check');
  return code;
}

test('J4 five questions from three phones, two moderators who race, one on the screen', async () => {
  const server = await Server.start();
  try {
    await inBrowser('questions', (browser) => decide(browser, server));
  } finally {
    await server.stop();
  }
});

async function decide(browser, server) {
  const stage = await signIn(browser, (await server.links('stage'))[0]);
  const log = await listen(server, stage, 'stage');
  const phones = [];
  for (let i = 0; i < 3; i++) phones.push(await open(await browser.newContext(phone), `${server.url}/c/dat-dai-2022`));
  const codes = [];
  for (const [i, text] of asked.entries()) {
    if (i >= 3) await phones[i % 3].reload();
    codes.push(await ask(phones[i % 3], text));
  }
  assert.equal(new Set(codes).size, 5, 'five questions, five codes');
  await shot(phones[0], 'ask-code-360');

  const people = ['Nguyễn Thị Kiểm', 'Trần Văn Duyệt'];
  const moderators = [];
  for (const person of people) moderators.push(await signIn(browser, (await server.links('moderator', `--person=${person}`))[0]));
  const ids = await until(() => {
    const found = log.events.filter((event) => event.type === 'question.submitted').map((event) => event.question.id);
    return found.length === 5 && found;
  }, 'five questions are in the log');
  for (const [i, id] of ids.entries()) {
    for (const page of moderators) await page.locator(`#row-${id}`).click();
    // Both press the same key at once: A decides, R and Enter take the card first.
    await Promise.all(moderators.map((page) => page.keyboard.press(i < 4 ? 'a' : 'Enter')));
    const claimed = await until(() => log.events.find((event) => event.type === 'question.claimed' && event.question.id === id), `somebody holds ${id}`);
    if (i < 4) {
      await until(() => log.events.some((event) => event.type === 'question.approved' && event.question.id === id), `${id} is approved`);
      continue;
    }
    const first = people.indexOf(claimed.question.claim.person);
    const winner = moderators[first];
    await winner.locator('.card .held.mine').waitFor();
    // The page of the other one does not let it try; the server must not either.
    const other = await listen(server, moderators[1 - first], 'moderator');
    for (const name of ['question.claim', 'question.approve', 'question.release']) {
      const reply = await other.command(name, { id });
      assert.equal(reply.error?.code, 'question.claimed_by_other', `${name} by who was slower: ${JSON.stringify(reply)}`);
    }
    other.socket.terminate();
    await winner.keyboard.press('r');
    await winner.locator('dialog[open] input[type="radio"]').nth(1).check();
    await winner.locator('dialog[open] textarea').first().fill('Nội dung này là tố cáo, không thuộc phạm vi đối thoại.');
    await shot(winner, 'refuse-1440');
    await winner.locator('dialog[open] button[type="submit"]').click();
  }
  await until(() => log.events.filter((event) => /^question\.(approved|refused)$/.test(event.type)).length >= 5, 'five decisions');
  for (const id of ids) {
    const of = (type) => log.events.filter((event) => event.type === type && event.question?.id === id).length;
    assert.equal(of('question.claimed'), 1, `question ${id} was claimed once`);
    assert.equal(of('question.approved') + of('question.refused'), 1, `question ${id} was decided once`);
  }

  const track = await open(await browser.newContext(phone), `${server.url}/q#${codes[4]}`);
  await track.getByText('Nội dung này là tố cáo, không thuộc phạm vi đối thoại.').waitFor();
  await track.getByText(/Ban Tiếp công dân/).first().waitFor();
  await shot(track, 'refused-360');

  const screen = await signIn(browser, (await server.links('screen'))[0], { size: { width: 1920, height: 1080 } });
  for (const id of ids.slice(0, 2)) {
    const row = stage.locator(`[data-testid="row"][data-question="${id}"]`);
    await row.locator('.pick').click();
    await row.getByTestId('do-queue').click();
    await stage.locator(`[data-question="${id}"][data-state="queued"]`).waitFor();
  }
  await stage.locator(`[data-testid="row"][data-question="${ids[0]}"] .pick`).click();
  await stage.getByTestId('do-air').click();
  await screen.getByText(asked[0]).waitFor();
  await shot(screen, 'screen-1920');
  await stage.locator(`[data-testid="on-air"][data-question="${ids[0]}"]`).waitFor();
  const second = await log.command('question.air', { id: ids[1] });
  assert.equal(second.error?.code, 'question.other_on_air', `one question on air at a time: ${JSON.stringify(second)}`);
  assert.equal(await screen.getByText(asked[1]).count(), 0, 'the screen shows one question only');
  for (const page of [...phones, ...moderators, stage, screen, track]) noFaults(page);
  log.socket.terminate();
}

const plain = [
  'Bao giờ gia đình tôi ở xã Phú Lộc được cấp sổ đỏ lần đầu?',
  'Gia đình tôi ở xã Phú Lộc bao giờ được cấp sổ đỏ lần đầu?',
  'Lời lẽ của câu này không được nhã nhặn cho lắm.',
  'Đường vành đai có đền bù đất của chúng tôi không?',
];

test('Q2 leases taken over by name, two people for abusive, return and merge on the pages, undo', async () => {
  const server = await Server.start();
  try {
    await inBrowser('lives', (browser) => live(browser, server));
  } finally {
    await server.stop();
  }
});

async function live(browser, server) {
  const people = ['Nguyễn Thị Kiểm', 'Trần Văn Duyệt'];
  const [kiem, duyet] = await Promise.all(people.map(async (person) => signIn(browser, (await server.links('moderator', `--person=${person}`))[0])));
  const log = await listen(server, kiem, 'moderator');
  const codes = [];
  for (const text of plain) codes.push(await server.ask(text));
  const ids = await until(() => {
    const found = plain.map((text) => log.events.find((event) => event.type === 'question.submitted' && event.question.text === text)?.question.id);
    return found.every(Boolean) && found;
  }, 'four questions are in the log');
  const happened = (type, id) => until(() => log.events.findLast((event) => event.type === type && event.question.id === id), `${type} ${id}`);
  const card = (page, id, state) => page.locator(`[data-testid="card"][data-question="${id}"]${state ? `[data-state="${state}"]` : ''}`);
  const pick = async (page, id, lane = 'waiting') => {
    await page.getByTestId(`lane-${lane}`).click();
    await page.locator(`#row-${id}`).click();
    await card(page, id).waitFor();
  };

  // Kiểm types a wording; Duyệt sees her name, takes the card over, and her words are kept.
  await pick(kiem, ids[0]);
  await kiem.keyboard.press('e');
  await kiem.locator('dialog[open] textarea').fill('Bao giờ xã Phú Lộc được cấp sổ đỏ?');
  assert.ok((await kiem.locator('dialog[open] del').allTextContents()).join(' ').includes('gia đình tôi'), 'the words left out are marked');
  await pick(duyet, ids[0]);
  await duyet.getByTestId('held-by').filter({ hasText: people[0] }).waitFor();
  await duyet.keyboard.press('o');
  await duyet.locator('dialog[open] h2').filter({ hasText: people[0] }).waitFor();
  await shot(duyet, 'take-over-1440');
  await duyet.getByTestId('take-over').click();
  await card(duyet, ids[0], 'claimed').locator('.held.mine').waitFor();
  await kiem.locator('dialog[open] [role="alert"]').filter({ hasText: people[1] }).waitFor();
  await shot(kiem, 'taken-over-1440');
  await kiem.keyboard.press('Escape');
  await kiem.getByTestId('lost').filter({ hasText: people[1] }).waitFor();
  await duyet.keyboard.press('l');
  await card(kiem, ids[0], 'pending').waitFor();
  await kiem.keyboard.press('e');
  assert.equal(await kiem.locator('dialog[open] textarea').inputValue(), 'Bao giờ xã Phú Lộc được cấp sổ đỏ?', 'nothing typed was lost');
  await kiem.keyboard.press('Control+Enter');
  assert.equal((await happened('question.approved', ids[0])).question.text, 'Bao giờ xã Phú Lộc được cấp sổ đỏ?');

  // The same question in other words is merged into it, by the keyboard alone.
  await pick(duyet, ids[1]);
  await duyet.keyboard.press('m');
  await duyet.locator(`[data-testid="merge-into"][data-question="${ids[0]}"][aria-selected="true"]`).waitFor();
  await shot(duyet, 'merge-1440');
  await duyet.keyboard.press('Enter');
  assert.equal((await happened('question.merged', ids[1])).question.mergedInto, ids[0]);
  await pick(kiem, ids[1], 'decided');
  await kiem.getByTestId('merged-into').filter({ hasText: 'Bao giờ xã Phú Lộc được cấp sổ đỏ?' }).waitFor();
  await card(kiem, ids[1]).getByText(people[1]).waitFor();
  await kiem.keyboard.press('u');
  await happened('question.undone', ids[1]);
  await card(kiem, ids[1], 'pending').waitFor();
  assert.equal(await kiem.getByTestId('lane-waiting').locator('.count').textContent(), '3', 'what was undone waits again');

  // "Abusive" takes two: Duyệt proposes and is told to leave it, Kiểm confirms.
  await pick(duyet, ids[2]);
  await duyet.keyboard.press('r');
  await duyet.locator('#reason-abusive').check();
  await duyet.getByTestId('takes-two').waitFor();
  await shot(duyet, 'takes-two-1440');
  await duyet.keyboard.press('Control+Enter');
  await happened('question.doubted', ids[2]);
  await pick(duyet, ids[2], 'held');
  await duyet.getByTestId('proposed').filter({ hasText: 'để một người duyệt khác xác nhận' }).waitFor();
  await pick(kiem, ids[2], 'held');
  await kiem.getByTestId('proposed').filter({ hasText: people[1] }).waitFor();
  await kiem.keyboard.press('r');
  await kiem.locator('#reason-abusive:checked').waitFor();
  await kiem.keyboard.press('Control+Enter');
  const refused = await happened('question.refused', ids[2]);
  assert.equal(refused.question.refusal.reason, 'abusive');
  assert.equal(log.events.filter((event) => event.type === 'question.refused').length, 1, 'one refusal, by the second person');

  // What is unclear goes back to the asker; a colleague sees by whom and why.
  await pick(kiem, ids[3]);
  await kiem.keyboard.press('t');
  await kiem.locator('dialog[open] textarea').fill('Xin nêu rõ số thửa đất.');
  await kiem.keyboard.press('Control+Enter');
  await happened('question.returned', ids[3]);
  await pick(duyet, ids[3], 'decided');
  await card(duyet, ids[3], 'returned').getByText('Xin nêu rõ số thửa đất.').waitFor();
  await card(duyet, ids[3]).getByText(people[0]).waitFor();
  const track = await open(await browser.newContext(phone), `${server.url}/q#${codes[3]}`);
  await track.getByText('Trả lại để sửa').first().waitFor();
  await kiem.keyboard.press('b');
  await kiem.getByTestId('overview').getByRole('row').filter({ hasText: people[0] }).waitFor();
  // Who decided is in the record: a page that is loaded again counts the same.
  const load = async (person) => (await kiem.getByTestId('overview').getByRole('row').filter({ hasText: person }).locator('td').allTextContents()).join(' ');
  assert.deepEqual(await Promise.all(people.map(load)), ['0 3', '0 2'], 'held and decided by each');
  await kiem.reload();
  await kiem.getByTestId('card').or(kiem.getByTestId('lane-waiting')).first().waitFor();
  await kiem.keyboard.press('b');
  await kiem.getByTestId('latest').first().waitFor();
  assert.deepEqual(await Promise.all(people.map(load)), ['0 3', '0 2'], 'the same after a reload');
  await shot(kiem, 'overview-1440');
  const last = kiem.getByTestId('latest').first();
  assert.equal(await last.getAttribute('data-question'), ids[3], 'the newest decision comes first');
  await last.getByTestId('undo-latest').click();
  await until(() => log.events.findLast((event) => event.type === 'question.undone' && event.question.id === ids[3]), 'undone from the overview');
  await thousands(browser, server);
  for (const page of [kiem, duyet, track]) noFaults(page);
  log.socket.terminate();
}

/** With 5,000 questions waiting only the rows in sight are in the document. */
async function thousands(browser, server) {
  const [{ url }] = await server.links('moderator', '--person=Lê Thị Nhiều');
  const page = await open(await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'vi-VN' }), url);
  await page.routeWebSocket(/\/socket$/, (socket) => {
    const upstream = socket.connectToServer();
    upstream.onMessage((raw) => socket.send(crowded(raw)));
  });
  await page.getByTestId('sign-in').click();
  const count = page.getByTestId('lane-waiting').locator('.count');
  await until(async () => Number(await count.textContent()) >= 5000, 'five thousand wait');
  const rows = page.locator('[role="listbox"] [role="option"]');
  await rows.first().waitFor();
  const { frames, drawn } = await page.locator('[role="listbox"]').evaluate(scrollThrough);
  const before = Number(await count.textContent());
  await server.ask('Câu mới giữa năm nghìn câu khác.');
  await until(async () => Number(await count.textContent()) === before + 1, 'a new question joins them');
  assert.ok(Math.min(...drawn) > 0 && Math.max(...drawn) < 100, `rows in the document: ${Math.min(...drawn)}–${Math.max(...drawn)}`);
  frames.sort((a, b) => a - b);
  const at = (part) => frames[Math.floor((frames.length - 1) * part)].toFixed(1);
  console.log(`Q2 5,000 rows: ${Math.min(...drawn)}–${Math.max(...drawn)} in the document; scrolling, ms a frame: p50 ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)}`);
  await shot(page, 'thousands-1440');
  noFaults(page);
}

/** A snapshot with five thousand more; everything else as it is. */
function crowded(raw) {
  const message = JSON.parse(raw);
  if (message.type !== 'snapshot') return raw;
  const made = Date.now();
  const more = Array.from({ length: 5000 }, (_, i) => {
    const at = new Date(made - (5000 - i) * 200).toISOString();
    return { id: `many${i}`, state: 'pending', text: `Câu số ${i}: ${plain[i % plain.length]}`, topic: 'cap-giay-lan-dau', submittedAt: at, changedAt: at, version: 1, channel: 'web' };
  });
  message.snapshot.questions = [...more, ...message.snapshot.questions];
  return JSON.stringify(message);
}

/** Runs in the page: scrolls a list to its end and back; how long each frame took, and its rows. */
async function scrollThrough(list) {
  const frames = [];
  const drawn = [];
  let last = await new Promise(requestAnimationFrame);
  const steps = 120;
  for (let i = 0; i <= 2 * steps; i++) {
    list.scrollTop = (list.scrollHeight * Math.min(i, 2 * steps - i)) / steps;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    drawn.push(list.querySelectorAll('[role="option"]').length);
    last = now;
  }
  return { frames, drawn };
}
