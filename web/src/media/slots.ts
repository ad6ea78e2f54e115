// The fixed receive slots: which MID shows which venue (design §4.2, docs/protocol.md).

/** SlotKind is what a receive slot is for. */
export type SlotKind = 'programme' | 'return' | 'voice' | 'tile';

/** SlotNote is one entry of the server's slots message. */
export interface SlotNote {
  mid: string;
  kind: string;
  venue?: string | undefined;
  stage?: boolean | undefined;
}

/** ReceiveSlot is one receive m-line of the page's connection. */
export interface ReceiveSlot {
  readonly mid: string;
  readonly media: 'audio' | 'video';
  readonly kind: SlotKind;
  /** The venue shown; '' when empty (the programme: whoever is on air). */
  readonly venue: string;
  /** The stage talks to this venue alone. */
  readonly stage: boolean;
  readonly track: MediaStreamTrack;
}

/** SlotPlan is how many receive m-lines a page offers, in the order of docs/protocol.md. */
export interface SlotPlan {
  /** Kinds of the recvonly video m-lines, in order. */
  readonly video: readonly SlotKind[];
  /** Kinds of the recvonly audio m-lines, in order. */
  readonly audio: readonly SlotKind[];
  /** A microphone is offered that nothing is sent with yet: talkback. */
  readonly talk?: boolean;
}

/** VOICES is how many open microphones a page hears beside the programme. */
export const VOICES = 4;

/** MAX_TILES is how many tiles the server gives one stage page. */
export const MAX_TILES = 32;

/** PAGE_TILES is how many halls one page of the stage shows; City Hall has a tile of its own. */
export const PAGE_TILES = 30;

const audioPlan: readonly SlotKind[] = ['programme', ...new Array<SlotKind>(VOICES).fill('voice')];

/** venuePlan: programme, return; programme sound and the voices. */
export const venuePlan: SlotPlan = { video: ['programme', 'return'], audio: audioPlan };

/** stagePlan: programme and n tiles (≤ 32); programme sound and the voices; talkback. */
export function stagePlan(tiles: number): SlotPlan {
  const n = Math.max(0, Math.min(MAX_TILES, Math.floor(tiles)));
  return { video: ['programme', ...new Array<SlotKind>(n).fill('tile')], audio: audioPlan, talk: true };
}

/** PlannedSlot is a transceiver with what it was offered for. */
export interface PlannedSlot {
  readonly transceiver: RTCRtpTransceiver;
  readonly media: 'audio' | 'video';
  readonly kind: SlotKind;
}

const KINDS: readonly string[] = ['programme', 'return', 'voice', 'tile'];

/**
 * mapSlots joins the transceivers with the server's last word. The server's kind wins over
 * the planned one; a MID the server does not name keeps its plan and is empty.
 */
export function mapSlots(
  planned: readonly PlannedSlot[],
  notes: readonly SlotNote[],
): ReceiveSlot[] {
  const byMid = new Map(notes.map((n) => [n.mid, n]));
  const slots: ReceiveSlot[] = [];
  for (const p of planned) {
    const mid = p.transceiver.mid;
    if (mid === null) continue;
    const note = byMid.get(mid);
    const kind = note !== undefined && KINDS.includes(note.kind) ? (note.kind as SlotKind) : p.kind;
    slots.push({
      mid,
      media: p.media,
      kind,
      venue: note?.venue ?? '',
      stage: note?.stage ?? false,
      track: p.transceiver.receiver.track,
    });
  }
  return slots;
}

/** tileOf finds the tile that shows a venue now. */
export function tileOf(slots: readonly ReceiveSlot[], venue: string): ReceiveSlot | undefined {
  return slots.find((s) => s.kind === 'tile' && s.venue === venue);
}

/** tilePage cuts the venues into pages of at most `size` and returns the wished one. */
export function tilePage<T>(
  venues: readonly T[],
  page: number,
  size: number = PAGE_TILES,
): { items: readonly T[]; page: number; pages: number } {
  const pages = Math.max(1, Math.ceil(venues.length / size));
  const at = Math.max(0, Math.min(pages - 1, page));
  return { items: venues.slice(at * size, (at + 1) * size), page: at, pages };
}
