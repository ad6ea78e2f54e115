import type { ConferenceState, Window } from '../wire/wire.gen';

/** Whether people register now, by this device's clock; the form itself asks the server. */
export function registers(window: Window | undefined, state: ConferenceState, now: number): boolean {
  return !!window && state !== 'closed' && now >= Date.parse(window.opensAt) && now < Date.parse(window.closesAt);
}
