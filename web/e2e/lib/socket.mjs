// A bare client of the WebSocket, so that a test can count what the pages do not show.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';

/**
 * Listens as the role of a signed-in page; events is every event since the snapshot.
 * command(name, data) asks the server past what the page lets through, and resolves to the reply.
 */
export async function listen(server, page, role) {
  const cookies = await page.context().cookies();
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/conferences/dat-dai-2022/socket`, 'diemcau.v1', {
    origin: server.url,
    headers: { cookie: cookies.map((cookie) => `${cookie.name}=${cookie.value}`).join('; ') },
  });
  const replies = new Map();
  const command = (name, data) => {
    const id = randomUUID();
    const replied = new Promise((resolve) => replies.set(id, resolve));
    socket.send(JSON.stringify({ type: 'command', id, name, data }));
    return replied;
  };
  const listener = { socket, snapshot: undefined, events: [], command };
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'hello', hello: { protocols: [1], role } }));
  await new Promise((ready, failed) => {
    socket.on('close', (code) => failed(new Error(`socket closed with ${code}`)));
    socket.on('message', (raw) => {
      const message = JSON.parse(raw.toString());
      if (message.type === 'events') listener.events.push(...message.events.events);
      if (message.type === 'reply') replies.get(message.reply.to)?.(message.reply);
      if (message.type === 'snapshot') {
        listener.snapshot = message.snapshot;
        ready();
      }
    });
  });
  return listener;
}
