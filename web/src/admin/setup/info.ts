import type { ConferenceState } from '../../wire/wire.gen';

/** A venue as it is set up; id is empty until the server has given one. */
export interface VenueInfo {
  id: string;
  name: string;
  main?: boolean;
  address?: string;
  seats?: number;
  reserved?: number;
}

export interface TopicInfo {
  id: string;
  name: string;
  nameEn?: string;
  agency?: string;
}

export interface AgendaInfo {
  at?: string;
  title: string;
}

export interface RegistrationInfo {
  opensAt: string;
  closesAt: string;
  doorsAt?: string;
  offerMs?: number;
  verifyPhone?: boolean;
  askIdNumber?: boolean;
  invitation?: string;
  invitationEn?: string;
  privacy: { version: string; text: string; textEn?: string };
}

/** All that an administrator sets up: `info` of GET …/setup. What is not named is passed on as it came. */
export interface Info {
  id: string;
  title: string;
  titleEn?: string;
  state: ConferenceState;
  startsAt: string;
  public: boolean;
  venues: VenueInfo[];
  topics: TopicInfo[];
  place?: string;
  agenda?: AgendaInfo[];
  registration?: RegistrationInfo;
  test?: boolean;
  revision?: number;
  publishedAt?: string;
}

/** One line of the checklist. */
export interface Point {
  code: string;
  level: 'good' | 'warning' | 'missing';
  names?: string[];
}

/** The answer of GET and PUT …/setup. */
export interface SetupAnswer {
  info: Info;
  checklist: Point[];
}

export type Part = 'basics' | 'venues' | 'topics' | 'agenda' | 'registration';

const DAY_MS = 86_400_000;
const OFFSET_MS = 7 * 3_600_000; // Vietnam has no summer time

/** "2027-03-01T08:00" in Vietnam, for an input; "" for no instant. */
export function toLocal(instant: string | undefined): string {
  const at = Date.parse(instant ?? '');
  if (Number.isNaN(at) || at < 0) return '';
  return new Date(at + OFFSET_MS).toISOString().slice(0, 16);
}

/** The instant of an input's time in Vietnam; "" for none. */
export function fromLocal(local: string): string {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(local) ? Date.parse(`${local}:00Z`) : NaN;
  return Number.isNaN(at) ? '' : new Date(at - OFFSET_MS).toISOString().replace('.000Z', 'Z');
}

/** Whether it can only be made known later than seven days before. */
export function late(startsAt: string, now: number): boolean {
  return now > Date.parse(startsAt) - 7 * DAY_MS;
}

/** The list with one entry moved by a step up (−1) or down (1); the same list at its ends. */
export function moved<T>(list: readonly T[], index: number, by: -1 | 1): T[] {
  const next = [...list];
  const to = index + by;
  if (to < 0 || to >= next.length) return next;
  const [taken] = next.splice(index, 1);
  if (taken !== undefined) next.splice(to, 0, taken);
  return next;
}

/** Puts the venues of a table into a list: those it has are changed in place, the others come last. */
export function merged(list: readonly VenueInfo[], read: readonly VenueInfo[]): { venues: VenueInfo[]; added: number; changed: number } {
  const venues = [...list];
  let added = 0;
  let changed = 0;
  for (const venue of read) {
    const at = venues.findIndex((other) => other.id === venue.id && venue.id !== '');
    const before = venues[at];
    if (before) {
      venues[at] = { ...before, ...venue, ...(before.main ? { main: true } : {}) };
      changed++;
    } else {
      venues.push(venue);
      added++;
    }
  }
  return { venues, added, changed };
}

/** The parts in which two versions differ. */
export function differing(a: Info, b: Info): Part[] {
  const of: Record<Part, (info: Info) => unknown> = {
    basics: (info) => [info.title, info.titleEn ?? '', Date.parse(info.startsAt), info.place ?? '', info.public, info.state],
    venues: (info) => info.venues.map((v) => [v.id, v.name, v.main ?? false, v.address ?? '', v.seats ?? 0, v.reserved ?? 0]),
    topics: (info) => info.topics.map((t) => [t.id, t.name, t.nameEn ?? '', t.agency ?? '']),
    agenda: (info) => (info.agenda ?? []).map((item) => [item.at ?? '', item.title]),
    registration: ({ registration: r }) =>
      r && [
        ...[r.opensAt, r.closesAt, r.doorsAt].map((at) => toLocal(at)),
        ...[r.offerMs ?? 0, r.verifyPhone ?? false, r.askIdNumber ?? false, r.invitation ?? '', r.invitationEn ?? ''],
        ...[r.privacy.version, r.privacy.text, r.privacy.textEn ?? ''],
      ],
  };
  return (Object.keys(of) as Part[]).filter((part) => JSON.stringify(of[part](a)) !== JSON.stringify(of[part](b)));
}
