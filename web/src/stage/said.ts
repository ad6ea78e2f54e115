// What a tile says of its venue, in marks and in words.

import { lineWords } from '../i18n/line';
import { stageWords } from '../i18n/stage';
import { worst } from '../lines/words';
import type { StageDesk } from './desk.svelte';

/** Said is what a tile shows and a screen reader reads. */
export interface Said {
  name: string;
  /** Where the venue stands, in a word. */
  word: string;
  /** All of it in words. */
  text: string;
  /** Place among the hands; 0: hand down. */
  turn: number;
  /** Its microphone is heard. */
  open: boolean;
  /** It dropped, but keeps its place. */
  lost: boolean;
  connected: boolean;
  /** It speaks among the open microphones. */
  speaks: boolean;
  /** Its closed microphone has sound. */
  noisy: boolean;
}

/** toneOf is the venue's place on the floor as a class. */
export function toneOf(desk: StageDesk, venue: string): string {
  const place = desk.view.venues.get(venue);
  const state = place?.state ?? 'offline';
  if (venue !== desk.main || state === 'offline') return state;
  // A holder that dropped keeps the floor: both must be seen.
  return (desk.view.floor.holder ?? '') === '' && (place?.connected ?? false) ? 'live' : 'main';
}

/** saidOf gathers what is known of a venue. */
export function saidOf(desk: StageDesk, venue: string): Said {
  const t = stageWords().venues;
  const lines = lineWords();
  const place = desk.view.venues.get(venue);
  const holder = desk.view.floor.holder ?? '';
  const isMain = venue === desk.main;
  const state = place?.state ?? 'offline';
  const connected = place?.connected ?? false;
  const lost = !connected && state !== 'offline';
  const open = connected && (isMain || holder === venue);
  const turn = desk.hands.indexOf(venue) + 1;
  const name = desk.name(venue);
  const speaks = open && desk.lines.speaking === venue;
  const noisy = connected && !open && desk.lines.loud.includes(venue);
  const row = desk.lines.rows.get(venue);
  const word = lost
    ? t.lost
    : state === 'offline'
      ? t.state.offline
      : isMain && holder !== ''
        ? t.mainState
        : t.state[isMain ? 'live' : state];
  const text = [
    name,
    word,
    turn > 0 ? t.hand(turn) : '',
    open ? t.micOpen : t.micClosed,
    speaks ? lines.speaks : '',
    noisy ? lines.noisy : '',
    row ? lines.mark(lines.grade[row.grade]) : '',
    row ? worst(row) : '',
  ];
  return { name, word, text: text.filter(Boolean).join(', '), turn, open, lost, connected, speaks, noisy };
}
