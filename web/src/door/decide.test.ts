import { describe, expect, it } from 'vitest';
import { colourOf, decide, verdictOf } from './decide';
import { Book } from './list';
import type { Listed, Standing } from './list';
import { inFigures, normaliseTicket, ticketIn, ticketOf } from './ticket';

const code = (n: number) => ticketOf([n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

function listed(n: number, state: Standing, more: Partial<Listed> = {}): Listed {
  return { registration: `r${n}`, code: code(n), name: `Người ${n}`, state, ...more };
}

const book = new Book({
  venue: 'ba-vi',
  at: '2022-10-28T01:00:00Z',
  people: [
    listed(1, 'confirmed', { name: 'Nguyễn Thị Hoa', commune: 'Cổ Đô', phoneEnds: '111', reserved: true }),
    listed(2, 'confirmed', { name: 'NGUYỄN THỊ  HÒA', commune: 'Phú Sơn', phoneEnds: '222' }),
    listed(3, 'checkedIn'),
    listed(4, 'waiting'),
    listed(5, 'offered'),
  ],
});

describe('R2 decide', () => {
  const at = '2022-10-28T01:05:00Z';
  it.each([
    ['a holder comes in', 1, undefined, 'green', 'in'],
    ['the same ticket again', 1, at, 'yellow', 'again'],
    ['the check-in was taken back here', 1, null, 'green', 'in'],
    ['in before the list was made', 3, undefined, 'yellow', 'again'],
    ['in before the list was made, and taken back here', 3, null, 'green', 'in'],
    ['on the waiting list', 4, undefined, 'yellow', 'waiting'],
    ['an offer not accepted', 5, undefined, 'yellow', 'waiting'],
    ['not in the list', 9, undefined, 'yellow', 'notListed'],
    ['not in the list, again', 9, at, 'yellow', 'again'],
  ] as const)('%s', (_name, n, before, colour, result) => {
    const letIn = before === undefined ? new Map() : new Map([[code(n), before]]);
    const said = decide(code(n), book, letIn);
    expect([said.colour, said.result, said.offline]).toEqual([colour, result, true]);
    expect(said.before).toBe(before ?? undefined);
  });

  it('is red for what is no ticket, and knows nobody without a list', () => {
    expect(decide('8934567890123', book, new Map())).toMatchObject({ colour: 'red', result: 'noTicket' });
    expect(decide(code(1), null, new Map())).toMatchObject({ colour: 'yellow', result: 'notListed' });
  });

  it('tells people of one name apart, whatever the marks and case', () => {
    expect(decide(code(1), book, new Map())).toMatchObject({ sameName: 2, commune: 'Cổ Đô', phoneEnds: '111', reserved: true });
    expect(decide(code(4), book, new Map()).sameName).toBe(1);
  });

  it('shows the server’s word, with the venue only when it is another', () => {
    const said = { colour: 'yellow', result: 'otherVenue', name: 'Nguyễn Thị Hoa', venue: 'ba-dinh' } as const;
    expect(verdictOf(said, code(1), 'ba-vi', book)).toMatchObject({ venue: 'ba-dinh', sameName: 2 });
    expect(verdictOf({ ...said, venue: 'ba-vi' }, code(1), 'ba-vi', book).venue).toBeUndefined();
    expect(colourOf('cancelled')).toBe('red');
  });
});

describe('search', () => {
  it('finds by the beginnings of words, without marks', () => {
    expect(book.search('hoa nguyen').map((one) => one.phoneEnds)).toHaveLength(2);
    expect(book.search('oa')).toEqual([]);
    expect(book.search(' ')).toEqual([]);
  });
});

describe('ticket', () => {
  it('is read however it was typed, and out of an address', () => {
    const plain = code(7).replaceAll('-', '').toLowerCase();
    expect(normaliseTicket(` ${plain} `)).toBe(code(7));
    expect(ticketIn(`https://doithoai.example.vn/ticket#${code(7)}`)).toBe(code(7));
    expect(ticketIn(`https://doithoai.example.vn/ticket#t=${plain}`)).toBe(code(7));
    expect(ticketIn('https://example.vn/')).toBe('');
  });

  it('is read in the figures of its QR symbol', () => {
    expect(inFigures('4TZ0K-9QW3M-B7XHC')).toBe('042631001909232803201107291712');
    expect(inFigures(code(7))).toMatch(/^\d{30}$/);
    expect(normaliseTicket(` ${inFigures(code(7))}\n`)).toBe(code(7));
    expect(ticketIn(`https://doithoai.example.vn/ticket#${inFigures(code(7))}`)).toBe(code(7));
    for (const wrong of [inFigures(code(7)).slice(1), `${inFigures(code(7))}0`, `32${inFigures(code(7)).slice(2)}`]) expect(normaliseTicket(wrong)).toBe('');
  });

  it('notices any two wrong characters', () => {
    const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    const good = code(3).replaceAll('-', '');
    for (let i = 0; i < good.length; i++) {
      for (let j = i; j < good.length; j++) {
        const wrong = [...good];
        for (const at of new Set([i, j])) wrong[at] = digits[(digits.indexOf(wrong[at] ?? '') + 1 + at) % 32] ?? '';
        expect(normaliseTicket(wrong.join(''))).toBe('');
      }
    }
  });
});
