// The few lines of SDP that an ICE restart over HTTP exchanges (RFC 9725 §4.4.2, RFC 8840).

function value(sdp: string, name: string): string {
  return new RegExp(`^a=${name}:(.*)$`, 'm').exec(sdp)?.[1]?.trim() ?? '';
}

/** restartFragment makes the body of the PATCH out of a full offer with new credentials. */
export function restartFragment(offer: string): string {
  const media = /^m=.*$/m.exec(offer)?.[0]?.trim() ?? 'm=audio 9 RTP/AVP 0';
  return [
    `a=ice-ufrag:${value(offer, 'ice-ufrag')}`,
    `a=ice-pwd:${value(offer, 'ice-pwd')}`,
    media,
    `a=mid:${value(offer, 'mid')}`,
    '',
  ].join('\r\n');
}

/**
 * applyRestart puts the server's new credentials and candidates into its earlier answer.
 * Throws when the fragment has no credentials: then only joining anew helps.
 */
export function applyRestart(answer: string, fragment: string): string {
  const [ufrag, pwd] = [value(fragment, 'ice-ufrag'), value(fragment, 'ice-pwd')];
  if (ufrag === '' || pwd === '') throw new Error('the restart answer has no credentials');
  const candidates = fragment.match(/^a=candidate:.*$/gm)?.map((l) => l.trim()) ?? [];
  const lines: string[] = [];
  for (const line of answer.split(/\r?\n/)) {
    if (line.startsWith('a=ice-ufrag:')) lines.push(`a=ice-ufrag:${ufrag}`);
    else if (line.startsWith('a=ice-pwd:')) {
      lines.push(`a=ice-pwd:${pwd}`);
    } else if (candidates.length > 0 && /^a=(candidate:|end-of-candidates)/.test(line)) {
      continue;
    } else lines.push(line);
  }
  if (candidates.length === 0) return lines.join('\r\n');
  // The connection is bundled: its candidates belong to the first m-line.
  const first = lines.findIndex((l) => l.startsWith('m='));
  const next = lines.findIndex((l, i) => i > first && l.startsWith('m='));
  const end = next < 0 ? lines.length - (lines.at(-1) === '' ? 1 : 0) : next;
  lines.splice(end, 0, ...candidates);
  return lines.join('\r\n');
}
