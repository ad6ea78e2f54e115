// What a venue is told about itself: on air or not, and how many turns are before it.

import type { View } from '../live/reduce';

/** Tally is the light over the door: mic is City Hall's while another venue has the floor. */
export type Tally = 'off' | 'preview' | 'live' | 'mic';

/** tallyOf reads the light of a venue. A slate hides the picture but gives nobody the floor. */
export function tallyOf(view: View, venue: string): Tally {
  const { main, holder = '', preview = '' } = view.floor;
  if (holder === venue && venue !== '') return 'live';
  if (venue === main) return holder === '' ? 'live' : 'mic';
  return preview === venue && venue !== '' ? 'preview' : 'off';
}

/** hands lists the venues with a raised hand, earliest first; equal times by id. */
export function hands(view: View): string[] {
  return [...view.venues.values()]
    .filter((v) => (v.handAt ?? '') !== '')
    .sort((a, b) => at(a.handAt) - at(b.handAt) || (a.id < b.id ? -1 : 1))
    .map((v) => v.id);
}

function at(instant: string | undefined): number {
  return Date.parse(instant ?? '');
}

/** turnsBefore is how many hands are up before this venue's; undefined when its own is down. */
export function turnsBefore(view: View, venue: string): number | undefined {
  const place = hands(view).indexOf(venue);
  return place < 0 ? undefined : place;
}
