import type { ConferenceState, Place, Window } from '../wire/wire.gen';

/** One entry of GET /api/v1/conferences. */
export interface Listed {
  id: string;
  title: string;
  titleEn?: string;
  state: ConferenceState;
  startsAt: string;
  demo?: boolean;
  venues: Place[];
  /** When people register; absent: nobody does. */
  registration?: Window;
}

export interface Group {
  state: ConferenceState;
  conferences: Listed[];
}

/** Running first, then coming (the nearest first), then past (the latest first). */
export function inGroups(listed: readonly Listed[]): Group[] {
  const begins = (entry: Listed) => Date.parse(entry.startsAt);
  const order: ConferenceState[] = ['open', 'planned', 'closed'];
  return order
    .map((state) => ({
      state,
      conferences: listed
        .filter((entry) => entry.state === state)
        .sort((a, b) => (state === 'closed' ? begins(b) - begins(a) : begins(a) - begins(b))),
    }))
    .filter((group) => group.conferences.length > 0);
}
