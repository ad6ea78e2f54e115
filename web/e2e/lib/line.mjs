// A line between a page and the media port: datagrams go through a socket of the test, which
// can be unplugged, and can send from another address as a new network does.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export class Line {
  static async lay(to) {
    const line = new Line();
    line.to = to;
    line.plugged = true;
    line.up = new Map(); // by the page's address: the socket it goes on from
    line.outer = createSocket('udp4').bind(0, '127.0.0.1');
    await once(line.outer, 'listening');
    line.port = line.outer.address().port;
    line.outer.on('message', (datagram, from) => {
      if (line.plugged) line.#onward(from).send(datagram, line.to, '127.0.0.1');
    });
    return line;
  }

  #onward(from) {
    const key = `${from.address}:${from.port}`;
    let socket = this.up.get(key);
    if (!socket) {
      socket = createSocket('udp4');
      socket.on('message', (datagram) => {
        if (this.plugged && this.up.get(key) === socket) this.outer.send(datagram, from.port, from.address);
      });
      this.up.set(key, socket);
    }
    return socket;
  }

  /** From now on everything comes from other addresses. */
  move() {
    for (const socket of this.up.values()) socket.close();
    this.up.clear();
  }

  async cut() {
    this.move();
    this.outer.close();
    await once(this.outer, 'close');
  }
}

/** Runs in the page: its media takes the line, its connections and sockets can be looked at. */
export function takeLine(port) {
  window.peers = [];
  window.sockets = [];
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
    }

    setRemoteDescription(description) {
      let laid = false;
      const lines = description.sdp.split('\r\n').flatMap((line) => {
        if (!line.startsWith('a=candidate:')) return [line];
        if (laid) return [];
        laid = true;
        return [`a=candidate:1 1 udp 2130706431 127.0.0.1 ${port} typ host`];
      });
      return super.setRemoteDescription({ type: description.type, sdp: lines.join('\r\n') });
    }
  };
  const Wire = WebSocket;
  window.WebSocket = class extends Wire {
    constructor(...args) {
      super(...args);
      window.sockets.push(this);
    }
  };
}
