import { describe, expect, it } from 'vitest';
import { mapSlots, stagePlan, tileOf, tilePage, venuePlan, type PlannedSlot } from './slots';

function planned(mid: string | null, media: 'audio' | 'video', kind: PlannedSlot['kind']) {
  const transceiver = { mid, receiver: { track: { id: `t${mid}` } } };
  return { transceiver: transceiver as unknown as RTCRtpTransceiver, media, kind };
}

const four: PlannedSlot[] = [
  planned('2', 'video', 'programme'),
  planned('3', 'video', 'return'),
  planned('4', 'audio', 'programme'),
  planned('5', 'audio', 'voice'),
];

describe('plans follow the order of the protocol', () => {
  it('a venue: programme and return; programme sound and four voices', () => {
    expect(venuePlan.video).toEqual(['programme', 'return']);
    expect(venuePlan.audio).toEqual(['programme', 'voice', 'voice', 'voice', 'voice']);
  });

  it('the stage: programme and up to thirty-two tiles', () => {
    expect(stagePlan(2).video).toEqual(['programme', 'tile', 'tile']);
    expect(stagePlan(99).video).toHaveLength(33);
  });
});

describe('mapSlots', () => {
  it('joins MIDs with venues, whatever the order of the message', () => {
    const slots = mapSlots(four, [
      { mid: '5', kind: 'voice', venue: 'ba-vi' },
      { mid: '3', kind: 'return', venue: 'ubnd' },
      { mid: '2', kind: 'programme', venue: 'ba-vi' },
    ]);
    expect(slots.map((s) => [s.mid, s.kind, s.venue, s.track.id])).toEqual([
      ['2', 'programme', 'ba-vi', 't2'],
      ['3', 'return', 'ubnd', 't3'],
      ['4', 'programme', '', 't4'],
      ['5', 'voice', 'ba-vi', 't5'],
    ]);
  });

  it('lets the server decide the kind, but not an unknown one', () => {
    const slots = mapSlots(four, [
      { mid: '3', kind: 'tile', venue: 'x' },
      { mid: '5', kind: 'subtitle', venue: 'y' },
      { mid: '99', kind: 'tile', venue: 'nobody' },
    ]);
    expect(slots.map((s) => s.kind)).toEqual(['programme', 'tile', 'programme', 'voice']);
    expect(tileOf(slots, 'x')?.mid).toBe('3');
    expect(tileOf(slots, 'nobody')).toBeUndefined();
  });

  it('leaves out lines that have no MID yet', () => {
    expect(mapSlots([planned(null, 'video', 'tile')], [])).toEqual([]);
  });
});

describe('tilePage', () => {
  const all = Array.from({ length: 70 }, (_, i) => i);
  it('cuts into pages', () => {
    expect(tilePage(all, 2)).toEqual({ items: all.slice(60), page: 2, pages: 3 });
  });
  it('stays inside', () => {
    expect(tilePage(all, 9).page).toBe(2);
    expect(tilePage([], 3)).toEqual({ items: [], page: 0, pages: 1 });
  });
});
