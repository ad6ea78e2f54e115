// Letters to people who registered: the form says that they come, /admin tells how they stand
// and why some did not go, and has those sent again.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { inBrowser, noFaults, shot, signIn, spotless } from './lib/browser.mjs';
import { phone, place, registered, setRegistration } from './lib/registration.mjs';
import { Server } from './lib/server.mjs';

test('letters: what the form promises, what the administrator sees', async () => {
  const box = await MailServer.start();
  const server = await Server.start({
    args: [`--mail-smtp=127.0.0.1:${box.port}`, '--mail-tls=off', '--mail-from=doithoai@example.vn', '--mail-per-minute=6000'],
  });
  try {
    await inBrowser('mail', (browser) => run(browser, server, box));
  } finally {
    await server.stop();
    box.stop();
  }
});

async function run(browser, server, box) {
  await setRegistration(server);
  const form = await phone(browser, `${server.url}/c/${place}/register`);
  await form.getByText('vé và mọi thay đổi sẽ được gửi đến địa chỉ này').waitFor();
  await registered(server, '0912000001', { email: 'hoa@example.vn' });
  await registered(server, '0912000002', { email: 'gone@example.vn' });

  const admin = await signIn(browser, (await server.links('admin'))[0]);
  await admin.getByTestId('view-run').click();
  const letters = admin.getByTestId('letters');
  await admin.getByText('Máy chủ thư không nhận cho địa chỉ này.').waitFor();
  await admin.getByText('550 5.1.1').waitFor();
  for (const scheme of ['light', 'dark']) {
    await admin.emulateMedia({ colorScheme: scheme });
    await letters.scrollIntoViewIfNeeded();
    await shot(admin, `mail-1440-${scheme}`);
    await spotless(admin, `letters, ${scheme}`);
  }
  await admin.setViewportSize({ width: 360, height: 780 });
  await letters.scrollIntoViewIfNeeded();
  await shot(admin, 'mail-360-dark');
  assert.ok((await admin.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, 'nothing is wider than 360 px');

  box.refuses = '';
  await admin.getByTestId('letters-again').focus();
  await admin.keyboard.press('Enter');
  await admin.getByText('Sẽ gửi lại.').waitFor();
  await admin.getByTestId('letters-again').waitFor({ state: 'detached' });
  await box.until(2);
  box.stop();
  await registered(server, '0912000003', { email: 'sau@example.vn' });
  await admin.getByText('Thư đang dừng.').waitFor();
  await letters.scrollIntoViewIfNeeded();
  await shot(admin, 'mail-trouble-360-dark');
  noFaults(admin);
}

/** A mail server that takes letters, but those to one address. */
class MailServer {
  refuses = 'gone@example.vn';
  letters = 0;
  #sockets = new Set();

  static async start() {
    const box = new MailServer();
    box.server = createServer((socket) => box.serve(socket)).listen(0, '127.0.0.1');
    await once(box.server, 'listening');
    box.port = box.server.address().port;
    return box;
  }

  serve(socket) {
    let rest = '';
    let body = false;
    const say = (line) => socket.write(`${line}\r\n`);
    this.#sockets.add(socket);
    socket.on('error', () => {});
    say('220 mail.test');
    socket.on('data', (data) => {
      const lines = (rest + data).split('\r\n');
      rest = lines.pop();
      for (const line of lines) {
        if (body) {
          if (line !== '.') continue;
          body = false;
          this.letters += 1;
          this.server.emit('letter');
          say('250 2.0.0 kept');
        } else if (line.startsWith('EHLO')) say('250-mail.test\r\n250 8BITMIME');
        else if (line.startsWith('RCPT') && this.refuses && line.includes(this.refuses)) say('550 5.1.1 unknown');
        else if (line === 'DATA') {
          body = true;
          say('354 go on');
        } else if (line === 'QUIT') {
          say('221 bye');
          socket.end();
        } else say('250 2.0.0 well');
      }
    });
  }

  async until(letters) {
    while (this.letters < letters) await once(this.server, 'letter');
  }

  stop() {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
