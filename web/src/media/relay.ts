// Media within TLS, for networks that let nothing else through. The browser tries UDP and
// TCP by itself; the TURN server is given to it only when neither stands in time, so that
// nobody holds a relay without need.

/** RELAY_MS is how long UDP and TCP have before media is relayed, in milliseconds. */
export const RELAY_MS = 2_500;

/** IceServer is a TURN server with short-lived credentials, as the server tells it. */
export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

/** giveRelays configures a connection; false when it has just these already, or there are none. */
export function giveRelays(peer: RTCPeerConnection, servers: readonly IceServer[]): boolean {
  const now = peer.getConfiguration();
  if (servers.length === 0 || now.iceServers?.[0]?.username === servers[0]?.username) return false;
  peer.setConfiguration({ ...now, iceServers: [...servers] });
  return true;
}

/** linkedRelays reads the links of WHIP and WHEP (RFC 9725 §4.6) that name TURN servers. */
export function linkedRelays(header: string | null): IceServer[] {
  const servers: IceServer[] = [];
  for (const [, url, rest] of (header ?? '').matchAll(/<([^>]+)>((?:\s*;\s*[\w-]+="[^"]*")*)/g)) {
    const values = new Map<string, string>();
    for (const [, name, value] of (rest ?? '').matchAll(/([\w-]+)="([^"]*)"/g)) {
      if (name !== undefined) values.set(name, value ?? '');
    }
    const [username, credential] = [values.get('username'), values.get('credential')];
    if (values.get('rel') !== 'ice-server' || url === undefined) continue;
    if (username === undefined || credential === undefined) continue;
    servers.push({ urls: [url], username, credential });
  }
  return servers;
}
