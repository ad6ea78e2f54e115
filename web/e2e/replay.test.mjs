// A rehearsed conference is replayed by question: while it is live, after the close, from the asker's page.
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { test } from 'node:test';
import { inBrowser, noFaults, open, shot, signIn, spotless } from './lib/browser.mjs';
import { Server, until } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';

const words = 'Đường vành đai qua xã tôi, bao giờ trả tiền đền bù?';
const place = 'dat-dai-2022';
/** The hall it is asked from: nobody of the rehearsal is there. */
const hall = 'soc-son';

test('P8 Chromium replays a rehearsed conference by question', async () => {
  const server = await Server.start({ args: ['--record-venues'] });
  try {
    // It is here for what was on air; how well it went is judged elsewhere.
    const rehearsal = server.rehearse('--venues=3', '--citizens=20', '--for=10m');
    await until(async () => {
      if (rehearsal.child.exitCode !== null) throw new Error(rehearsal.output);
      const { questions, turns } = await chapters(server);
      return questions.filter((one) => one.mp4).length > 2 && turns.length > 0;
    }, 'halls speak and questions are answered on air', 240_000);
    rehearsal.child.kill('SIGKILL');
    await rehearsal.done;
    await inBrowser('replay', (browser) => replay(browser, server));
    await inBrowser('recordings', (browser) => recordings(browser, server));
  } finally {
    await server.stop();
  }
});

/** What the video shows now. */
const look = (page) =>
  page.locator('video').evaluate((video) => ({ at: video.currentTime, width: video.videoWidth, paused: video.paused, ready: video.readyState, film: video.src.endsWith('.mp4') }));

const chapters = async (server) => (await fetch(`${server.url}/api/v1/conferences/${place}/replay`)).json();

/** Asks a question, puts it on air for as long as a film needs, and ends it. */
async function answered(browser, server) {
  const stage = await listen(server, await signIn(browser, (await server.links('stage'))[0]), 'stage');
  const bench = await listen(server, await signIn(browser, (await server.links('moderator'))[0]), 'moderator');
  const code = await server.ask(words, undefined, hall);
  const { question } = await until(() => bench.events.find((event) => event.type === 'question.submitted' && event.question.text === words), 'the question');
  const tell = async (who, name, data) => {
    const reply = await who.command(name, { id: question.id, ...data });
    assert.equal(reply.error, undefined, name);
  };
  // The rehearsal may have left one on air.
  if (stage.snapshot.onAir) assert.equal((await stage.command('question.recall', { id: stage.snapshot.onAir })).error, undefined);
  await tell(bench, 'question.claim');
  await tell(bench, 'question.approve');
  await tell(stage, 'question.queue');
  await tell(stage, 'question.air');
  const aired = Date.now();
  await until(() => Date.now() - aired > 5000, 'some picture of it');
  await tell(stage, 'question.answer', { agency: 'Sở Tài nguyên và Môi trường', due: '2099-12-18', text: 'Trả xong trong năm.' });
  return { code, id: question.id };
}

async function replay(browser, server) {
  const { code, id } = await answered(browser, server);
  await until(async () => (await chapters(server)).questions.find((one) => one.question.id === id)?.mp4, 'its film is kept');

  // While it is live: said, with the way to the live page; what is answered can be seen.
  const phone = await browser.newContext({ viewport: { width: 360, height: 780 }, locale: 'vi-VN' });
  const early = await open(phone, `${server.url}/c/${place}/replay`);
  await early.getByTestId('note').getByRole('link').waitFor();
  await early.locator(`[data-question="${id}"]`).getByTestId('see').click();
  await until(async () => {
    const now = await look(early);
    return now.film && now.at > 0.5 && now.width > 0;
  }, 'the film of the question plays while the conference is live');
  await spotless(early, 'the replay while live');
  noFaults(early);
  await early.close();

  const [{ token }] = await server.links('admin');
  const closed = await fetch(`${server.url}/api/v1/conferences/${place}/close`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  assert.equal(closed.status < 300, true, `close: ${closed.status}`);
  const all = await until(async () => {
    const now = await chapters(server);
    return now.recording.state === 'kept' && now;
  }, 'the recording');
  const mine = all.questions.find((one) => one.question.id === id);
  assert.ok(all.questions.length > 2 && all.turns.length > 0, 'the rehearsal aired questions and gave the floor');

  // It lies where the log says that it was on air.
  for (const moment of all.questions.flatMap((one) => one.moments).filter((one) => one.fromMs !== undefined)) {
    const stretch = all.recording.stretches.findLast((one) => Date.parse(one.at) <= Date.parse(moment.at));
    if (stretch) assert.ok(Math.abs(Date.parse(moment.at) - Date.parse(stretch.at) - (moment.fromMs - stretch.fromMs)) < 1000, `${JSON.stringify(moment)} in ${JSON.stringify(stretch)}`);
  }

  // The asker's own page names the moment; the link opens there.
  const asker = await open(phone, `${server.url}/q#${code}`);
  await asker.getByTestId('replay').click();
  await asker.waitForURL(`**/c/${place}/replay#q=${id}`);
  const from = mine.moments[0].fromMs / 1000;
  await until(async () => {
    const now = await look(asker);
    return Math.abs(now.at - from) < 1 && now.ready >= 2 && now.width > 0;
  }, 'the link opens at the moment');
  assert.equal(await asker.locator('[aria-current="true"]').getAttribute('data-question'), id);
  assert.equal(await asker.locator(`[data-question="${id}"]`).isVisible(), true);
  await asker.getByTestId('now').getByText(words).waitFor();
  const conclusion = await asker.locator(`[data-question="${id}"]`).innerText();
  for (const part of ['Sở Tài nguyên và Môi trường', 'Trả xong trong năm.', '18/12/2099']) assert.ok(conclusion.includes(part), `${part} in ${conclusion}`);
  await shot(asker, 'replay-360-light-vi');
  await spotless(asker, 'the replay on a phone');
  const beyond = await asker.evaluate(() =>
    document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.outerHTML.slice(0, 120)),
  );
  assert.deepEqual(beyond, [], 'the page is wider than the window');

  // Found without marks; filtered; played, with sound, from another question on.
  await asker.getByTestId('search').fill('duong vanh dai');
  await until(async () => (await asker.getByTestId('chapters').locator('> li').count()) === 1, 'one question is found');
  await asker.getByTestId('search').fill('khong co cau nay');
  await asker.getByText('Không có câu nào khớp').waitFor();
  await asker.getByRole('button', { name: 'Bỏ lọc' }).click();
  await narrowed(asker, all);
  const other = all.questions.find((one) => one.question.id !== id && one.moments[0].fromMs > 1000); // not the recording's beginning: any address opens there
  const row = asker.locator(`[data-question="${other.question.id}"]`);
  await row.getByTestId('see').first().focus();
  await asker.keyboard.press('Enter');
  await until(async () => {
    const now = await look(asker);
    return !now.paused && now.at > other.moments[0].fromMs / 1000 && now.at < other.moments[0].fromMs / 1000 + 30;
  }, 'another question plays');
  assert.equal(new URL(asker.url()).hash, `#q=${other.question.id}`);
  // What one plays has an address for ever: who opens it is at that moment.
  const shared = await open(phone, asker.url());
  await until(async () => {
    const now = await look(shared);
    return now.paused && Math.abs(now.at - other.moments[0].fromMs / 1000) < 1 && now.width > 0;
  }, 'the address that was shared opens at its moment');
  assert.equal(await shared.locator('[aria-current="true"]').getAttribute('data-question'), other.question.id);
  await shared.close();
  assert.ok(await asker.locator('video').evaluate((video) => video.webkitAudioDecodedByteCount > 0), 'there is sound');
  const film = await fetch(server.url + (await row.getByTestId('file').getAttribute('href')));
  assert.match(film.headers.get('content-disposition'), /attachment; .*filename\*=UTF-8''/);
  assert.equal((await film.arrayBuffer()).byteLength, Number(film.headers.get('content-length')));

  // Without a network the list stays, and the page says what does not go.
  await phone.setOffline(true);
  await asker.getByText('Máy đang mất mạng. Danh sách').waitFor();
  await phone.setOffline(false);
  await asker.getByText('Máy đang mất mạng. Danh sách').waitFor({ state: 'detached' });
  noFaults(asker);
  await asker.close();

  // A wide window, dark and in English; at a second; where there is nothing.
  const desk = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark', locale: 'en-GB' });
  await desk.addInitScript(() => localStorage.setItem('diemcau.lang', 'en'));
  const page = await open(desk, `${server.url}/c/${place}/replay?t=3`);
  await until(async () => Math.abs((await look(page)).at - 3) < 1 && (await look(page)).width > 0, '?t= opens at a second');
  await page.getByTestId('turns').locator('summary').click();
  await page.getByTestId('next').waitFor();
  await shot(page, 'replay-1440-dark-en');
  await spotless(page, 'the replay on a wide screen');
  await page.goto(`${server.url}/c/${place}/replay#q=aaaaaaaaaaaaaaaaaaaa`);
  await page.getByText('This question is not in the recording').waitFor();
  await page.getByTestId('begin').waitFor();
  await spotless(page, 'a question that is not there');
  await page.goto(`${server.url}/c/no-such/replay`);
  await page.getByRole('alert').waitFor();
  await page.goto(`${server.url}/c/${place}`);
  await page.locator(`[data-question="${id}"]`).getByTestId('replay').waitFor();
  await page.getByTestId('to-replay').waitFor();
  noFaults(page);
}

/** One hall's questions: those asked from there, and those during which it had the floor. */
async function narrowed(page, all) {
  const end = (one) => (one.until ? Date.parse(one.until) : Infinity);
  const of = (venue) => {
    const turns = all.turns.filter((turn) => turn.venue === venue).map((turn) => turn.moment);
    const meets = (moment) => turns.some((turn) => Date.parse(turn.at) < end(moment) && Date.parse(moment.at) < end(turn));
    return all.questions.filter((one) => one.question.venue === venue || one.moments.some(meets)).map((one) => one.question.id);
  };
  const shown = () => page.getByTestId('chapters').locator('> li').evaluateAll((rows) => rows.map((row) => row.dataset.question));
  const venues = await page.getByTestId('venue').locator('option').evaluateAll((options) => options.map((option) => option.value).filter(Boolean));
  assert.equal(of(hall).length, 1, 'one question is from a hall that had no floor');
  for (const venue of [...venues.filter((one) => one !== hall), hall]) {
    await page.getByTestId('venue').selectOption(venue);
    await until(async () => JSON.stringify(await shown()) === JSON.stringify(of(venue)), `the questions of ${venue}`);
  }
  await page.getByTestId('venue').selectOption('');
  await until(async () => (await shown()).length === all.questions.length, 'all questions again');
}

/** The administrator finds what was recorded, and downloads it. */
async function recordings(browser, server) {
  const [link] = await server.links('admin');
  const page = await signIn(browser, link);
  const rows = page.getByTestId('recording');
  await rows.first().waitFor();
  const names = (await rows.allInnerTexts()).map((text) => text.split('\n')[0]);
  assert.equal(names[0], 'Chương trình công khai');
  assert.ok(names.length >= 3, `City Hall and a hall that spoke are recorded: ${names}`);
  for (const i of [0, 1]) {
    const download = page.waitForEvent('download');
    await rows.nth(i).getByTestId('recording-file').click();
    const file = await download;
    assert.match(file.suggestedFilename(), /\.mp4$/);
    assert.ok((await stat(await file.path())).size > 100_000, 'a film of some seconds');
    if (i > 0) assert.ok(file.suggestedFilename().includes(names[i]), `${file.suggestedFilename()} names ${names[i]}`);
  }
  await page.getByTestId('recordings').scrollIntoViewIfNeeded();
  await shot(page, 'recordings-1440-light-vi');
  await spotless(page, 'the recordings');
  await page.setViewportSize({ width: 360, height: 780 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByTestId('recordings').scrollIntoViewIfNeeded();
  await shot(page, 'recordings-360-dark-vi');
  await spotless(page, 'the recordings on a phone');
  noFaults(page);
}
