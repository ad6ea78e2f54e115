// Causes and signs of a line as sentences, and what to do about them.

import { lineWords } from '../i18n/line';
import { language } from '../i18n/language.svelte';
import type { LineCause, LineSign, VenueLine } from '../wire/wire.gen';

/** number formats for the page's language, at most one decimal. */
export function number(n: number): string {
  return new Intl.NumberFormat(language.code, { maximumFractionDigits: 1 }).format(n);
}

/** mbit, percent and ms put a figure into words. */
export function mbit(bits: number | undefined): string {
  return bits === undefined ? lineWords().unknown : lineWords().mbit(number(bits / 1e6));
}

export function percent(share: number | undefined): string {
  return lineWords().percent(number(100 * (share ?? 0)));
}

export function ms(n: number | undefined): string {
  return n === undefined ? lineWords().unknown : lineWords().ms(number(n));
}

/** causeText is one cause of a line's grade as a sentence. */
export function causeText(cause: LineCause, row: VenueLine): string {
  const t = lineWords().cause;
  const [sent, wanted] = [row.height ?? 0, row.wantedHeight ?? 0];
  switch (cause) {
    case 'upWeak':
    case 'cpu':
      return t[cause](sent, wanted);
    case 'lossUp':
      return t.lossUp(percent(row.lossUp));
    case 'lossDown':
      return t.lossDown(percent(row.lossDown));
    case 'delay':
      return t.delay(row.rttMs ?? 0);
    case 'jitter':
      return t.jitter(row.jitterMs ?? 0);
    default:
      return t[cause];
  }
}

/** worst is the one sentence a tile or row has room for; '' when all is well. */
export function worst(row: VenueLine): string {
  const [cause] = row.causes ?? [];
  if (cause !== undefined && row.grade !== 'good') return causeText(cause, row);
  const [sign] = row.signs ?? [];
  return sign === undefined ? '' : lineWords().sign[sign];
}

/** missing tells whether picture or sound does not come at all: no fault of the line's width. */
export function missing([worst]: readonly LineCause[]): boolean {
  return worst === 'noPicture' || worst === 'noSound';
}

/** adviceFor is what the venue's operator should do, without saying anything twice. */
export function adviceFor(causes: readonly LineCause[], signs: readonly LineSign[]): string[] {
  const t = lineWords().advice;
  const byCause: Record<LineCause, string> = {
    nothing: t.camera,
    noPicture: t.picture,
    noSound: t.mic,
    upWeak: t.line,
    cpu: t.cpu,
    leftUp: t.line,
    lossUp: t.line,
    lossDown: t.line,
    downWeak: t.line,
    delay: t.delay,
    jitter: t.line,
    freezes: t.line,
    unheard: t.hidden,
  };
  const bySign: Record<LineSign, string> = {
    black: t.black,
    frozen: t.frozen,
    cameraMuted: t.camera,
    micMuted: t.micMuted,
    virtualCamera: t.virtual,
    virtualMic: t.virtual,
    deviceChanged: t.changed,
    testPicture: t.test,
    testSound: t.test,
    hidden: t.hidden,
    silent: t.silent,
    echo: t.echo,
  };
  return [...new Set([...causes.map((c) => byCause[c]), ...signs.map((s) => bySign[s])])];
}

