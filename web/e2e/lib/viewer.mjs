import { open } from './browser.mjs';

/** A viewer whose every PeerConnection is watched for renegotiation. */
export async function watch(browser, server) {
  const context = await browser.newContext({ viewport: { width: 360, height: 780 }, locale: 'vi-VN' });
  await context.addInitScript(() => {
    window.negotiations = 0;
    window.peers = [];
    const Native = RTCPeerConnection;
    window.RTCPeerConnection = class extends Native {
      constructor(...args) {
        super(...args);
        window.peers.push(this);
        this.addEventListener('negotiationneeded', () => window.negotiations++);
      }
    };
  });
  const page = await open(context, `${server.url}/c/dat-dai-2022`);
  await page.getByTestId('play').click();
  await page.locator('[data-testid="player"][data-phase="playing"]').waitFor({ timeout: 60_000 });
  return page;
}

/** What the viewer receives: [{kind, ssrc, frames, packets, height}]. */
export function inbound(page) {
  return page.evaluate(async () => {
    const found = [];
    for (const peer of window.peers) {
      if (peer.connectionState !== 'connected') continue;
      for (const stat of (await peer.getStats()).values()) {
        if (stat.type === 'inbound-rtp') found.push({ kind: stat.kind, ssrc: stat.ssrc, frames: stat.framesDecoded ?? 0, packets: stat.packetsReceived, height: stat.frameHeight });
      }
    }
    return found.sort((a, b) => a.kind.localeCompare(b.kind));
  });
}
