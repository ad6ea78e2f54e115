// The venues' lines as the server tells them.

import type { ServerMessage, Speaking, VenueLine } from '../wire/wire.gen';

/** LineBoard keeps what `lines` and `speaking` have told. */
export class LineBoard {
  #rows = $state.raw<ReadonlyMap<string, VenueLine>>(new Map());
  #speaking = $state.raw<Speaking>({});

  /** rows are the lines of the venues that send, by venue. */
  get rows(): ReadonlyMap<string, VenueLine> {
    return this.#rows;
  }

  /** speaking is the venue that speaks among the open microphones; '' nobody. */
  get speaking(): string {
    return this.#speaking.now ?? '';
  }

  /** loud are the closed microphones that have sound. */
  get loud(): readonly string[] {
    return this.#speaking.loud ?? [];
  }

  /** take looks at every message of the socket. */
  take(message: ServerMessage): void {
    if (message.type === 'speaking') this.#speaking = message.speaking;
    if (message.type !== 'lines') return;
    const { whole = false, rows, gone = [] } = message.lines;
    const next = new Map(whole ? [] : this.#rows);
    for (const row of rows) next.set(row.venue, row);
    for (const venue of gone) next.delete(venue);
    this.#rows = next;
  }
}
