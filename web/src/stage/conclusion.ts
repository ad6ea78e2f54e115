// How the question on air ends: what the chair concludes, and what is still missing for it.

import type { Conference, Question, QuestionAnswer } from '../wire/wire.gen';
import { isDate } from '../live/workdays';

/** MAX_WORDS is how long the chair's words may be, characters after NFC. */
export const MAX_WORDS = 1000;
/** MAX_AGENCY is how long an agency's name may be, characters after NFC. */
export const MAX_AGENCY = 200;
/** DAYS are the working days that are offered as a deadline. */
export const DAYS = [5, 10, 15] as const;
/** USUAL_DAYS is the deadline that is filled in. */
export const USUAL_DAYS = 10;

/** Ending is what has been filled in. */
export interface Ending {
  /** Nothing more is needed. */
  none: boolean;
  agency: string;
  /** A date, 2022-11-20. */
  due: string;
  /** Something is left to be answered; only with an agency. */
  partly: boolean;
  /** The chair's words. */
  text: string;
}

/** Missing tells what is wrong with a field. */
export interface Missing {
  agency?: 'none' | 'long';
  due?: 'none' | 'past';
  text?: 'long';
}

/** firstEnding is what stands in the form before anything but the due date is filled in. */
export function firstEnding(question: Question, conference: Conference, due: string): Ending {
  const agency = conference.topics.find((topic) => topic.id === question.topic)?.agency ?? '';
  return { none: true, agency, due, partly: false, text: '' };
}

/** agencies are the conference's agencies, each once; those named together also alone. */
export function agencies(conference: Conference): string[] {
  const all = new Set<string>();
  for (const { agency } of conference.topics) {
    if (!agency) continue;
    for (const name of [agency, ...agency.split(';')]) if (name.trim()) all.add(name.trim());
  }
  return [...all].sort(new Intl.Collator('vi').compare);
}

/** length counts characters as the server does: after NFC, without the blanks around. */
export function length(text: string): number {
  return [...clean(text)].length;
}

/** missing tells what keeps an ending from being sent on a day; nothing: it may be sent. */
export function missing(ending: Ending, day: string): Missing {
  const found: Missing = {};
  if (length(ending.text) > MAX_WORDS) found.text = 'long';
  if (ending.none) return found;
  const agency = length(ending.agency);
  if (agency === 0) found.agency = 'none';
  else if (agency > MAX_AGENCY) found.agency = 'long';
  if (!isDate(ending.due)) found.due = 'none';
  else if (ending.due < day) found.due = 'past';
  return found;
}

/** answerOf is the command that says it. */
export function answerOf(id: string, ending: Ending): QuestionAnswer {
  const text = clean(ending.text);
  const words = text === '' ? {} : { text };
  if (ending.none) return { id, none: true, ...words };
  const partly = ending.partly ? { partly: true } : {};
  return { id, agency: clean(ending.agency), due: ending.due, ...partly, ...words };
}

function clean(text: string): string {
  return text.normalize('NFC').trim();
}
