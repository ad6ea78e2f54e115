import { keep, recall } from '../citizen/store';

/** What stands on an invitation besides the conference; "" is left to be filled in, or left out. */
export const letterFields = ['superior', 'agency', 'number', 'town', 'date', 'chair', 'contact', 'office', 'signer'] as const;
export type Letterhead = Record<(typeof letterFields)[number], string>;

const storage = (conference: string): string => `diemcau.letterhead.${conference}`;

function isKept(value: unknown): value is Partial<Letterhead> {
  return typeof value === 'object' && value !== null && Object.values(value).every((field) => typeof field === 'string');
}

/** The letterhead this device used last for a conference. */
export function recallLetterhead(conference: string): Letterhead {
  const kept = recall(storage(conference), isKept, {});
  return Object.fromEntries(letterFields.map((field) => [field, kept[field] ?? ''])) as Letterhead;
}

export function keepLetterhead(conference: string, letter: Letterhead): void {
  keep(storage(conference), letter);
}
