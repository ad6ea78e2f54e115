import type { LetIn } from './journal';
import type { Book, Listed } from './list';
import { ticketIn } from './ticket';

export type Colour = 'green' | 'yellow' | 'red';

/** What a door says: the server's results, and two that only a device can come to. */
export type Result =
  | 'in'
  | 'again'
  | 'otherVenue'
  | 'waiting'
  | 'cancelled'
  | 'unknown'
  /** A ticket that is not in this venue's list: of another venue, cancelled, or newer. */
  | 'notListed'
  /** What was read is no ticket at all. */
  | 'noTicket';

/** What is shown for one look at a ticket. */
export interface Verdict {
  colour: Colour;
  result: Result;
  code: string;
  name?: string;
  organisation?: string;
  commune?: string;
  phoneEnds?: string;
  reserved?: boolean;
  walkIn?: boolean;
  /** Id of the venue the seat is in, when it is not this one's. */
  venue?: string;
  /** How many people of this name the venue has; above 1 they have to be told apart. */
  sameName?: number;
  /** When the person came in before; RFC 3339. */
  before?: string;
  /** Decided by this device alone. */
  offline?: boolean;
}

const colours: Record<Result, Colour> = {
  in: 'green',
  again: 'yellow',
  otherVenue: 'yellow',
  waiting: 'yellow',
  notListed: 'yellow',
  cancelled: 'red',
  unknown: 'red',
  noTicket: 'red',
};

export function colourOf(result: Result): Colour {
  return colours[result];
}

/** What the device says to a ticket without asking anybody. */
export function decide(read: string, book: Book | null, letIn: LetIn): Verdict {
  const code = ticketIn(read);
  if (!code) return { colour: 'red', result: 'noTicket', code: '', offline: true };
  const person = book?.find(code);
  const before = letIn.get(code);
  if (!person || !book) {
    return { colour: 'yellow', result: before ? 'again' : 'notListed', code, offline: true, ...(before ? { before } : {}) };
  }
  const result = resultOf(person, before);
  return {
    colour: colours[result],
    result,
    code,
    offline: true,
    ...whoIs(person, book),
    ...(before ? { before } : {}),
  };
}

function resultOf(person: Listed, before: string | null | undefined): Result {
  if (before) return 'again';
  if (person.state === 'checkedIn') return before === null ? 'in' : 'again'; // null: taken back here
  return person.state === 'confirmed' ? 'in' : 'waiting';
}

/** What tells who stands there. */
export function whoIs(person: Listed, book: Book): Partial<Verdict> {
  return {
    name: person.name,
    sameName: book.called(person.name),
    ...(person.organisation ? { organisation: person.organisation } : {}),
    ...(person.commune ? { commune: person.commune } : {}),
    ...(person.phoneEnds ? { phoneEnds: person.phoneEnds } : {}),
    ...(person.reserved ? { reserved: true } : {}),
  };
}

/** The server's answer to a look, as POST …/registrations/checkin gives it. */
export interface Said {
  colour: Colour;
  result: Result;
  registration?: string;
  name?: string;
  organisation?: string;
  commune?: string;
  phoneEnds?: string;
  reserved?: boolean;
  venue?: string;
  checkedInAt?: string;
}

/** The server's answer, with what the list knows besides. */
export function verdictOf(said: Said, code: string, here: string, book: Book | null): Verdict {
  const { colour, result, name, organisation, commune, phoneEnds, reserved, venue, checkedInAt } = said;
  return {
    colour,
    result,
    code,
    ...(name ? { name, sameName: Math.max(1, book?.called(name) ?? 1) } : {}),
    ...(organisation ? { organisation } : {}),
    ...(commune ? { commune } : {}),
    ...(phoneEnds ? { phoneEnds } : {}),
    ...(reserved ? { reserved } : {}),
    ...(venue && venue !== here ? { venue } : {}),
    ...(result === 'again' && checkedInAt ? { before: checkedInAt } : {}),
  };
}
