import type { ClientMessage, ServerMessage } from '../wire/wire.gen';
import type { Wire } from './socket.svelte';

/** A server's end of one connection, for tests. */
export class FakeWire implements Wire {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: ClientMessage[] = [];
  closed = 0;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }

  close(code = 1005): void {
    this.closed = code;
  }

  accept(): void {
    this.onopen?.();
  }

  say(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  hangUp(code: number): void {
    this.onclose?.({ code });
  }

  welcome(resumed: boolean): void {
    this.say({
      type: 'welcome',
      welcome: { protocol: 1, role: 'citizen', resumed, serverTime: '2022-10-28T01:00:00Z', server: 's1' },
    });
  }

  snapshot(cursor: string): void {
    this.say({
      type: 'snapshot',
      snapshot: {
        cursor,
        conference: {
          id: 'c',
          title: 'C',
          state: 'open',
          startsAt: '2022-10-28T01:00:00Z',
          public: true,
          venues: [],
          topics: [],
        },
        questions: [],
        queue: [],
        floor: { main: 'hall' },
        venues: [],
      },
    });
  }

  events(prev: string, cursor: string): void {
    this.say({ type: 'events', events: { prev, cursor, events: [] } });
  }
}
