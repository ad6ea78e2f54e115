import type { Challenge } from '../wire/wire.gen';
import { Search } from './search';

/** What the worker answers: the number, or nothing when there is none. */
export interface Found {
  number?: number;
}

const STEP = 10_000;

addEventListener('message', (event: MessageEvent<Challenge>) => {
  const search = new Search(event.data);
  let number: number | undefined;
  while (number === undefined && !search.over) number = search.step(STEP);
  const found: Found = number === undefined ? {} : { number };
  postMessage(found);
});
