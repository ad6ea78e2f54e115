import { describe, expect, it } from 'vitest';
import { FakeClock } from './fakes';
import type { SlotLook } from '../wire/wire.gen';
import { Looks, stepOf } from './looks';

describe('stepOf', () => {
  it('rounds up, forgives a little, and is 0 for what is not seen', () => {
    expect([0, -1, NaN, 20, 95, 180, 190, 500, 700, 1200, 5000].map(stepOf)).toEqual([
      0, 0, 0, 90, 90, 180, 180, 480, 720, 2160, 2160,
    ]);
  });
});

describe('M10 Looks', () => {
  it('gathers, tells what is new only, and all again on a new connection', () => {
    const clock = new FakeClock();
    const sent: SlotLook[][] = [];
    const looks = new Looks((slots) => sent.push(slots), clock);
    looks.show('2', 700);
    looks.show('3', 150);
    clock.pass(300);
    expect(sent).toEqual([[{ mid: '2', height: 720 }, { mid: '3', height: 180 }]]);
    looks.show('2', 710);
    looks.show('3', 0);
    clock.pass(300);
    expect(sent[1]).toEqual([{ mid: '3', hidden: true }]);
    clock.pass(1000);
    expect(sent).toHaveLength(2);
    looks.again();
    clock.pass(300);
    expect(sent[2]).toEqual([{ mid: '2', height: 720 }, { mid: '3', hidden: true }]);
  });
});
