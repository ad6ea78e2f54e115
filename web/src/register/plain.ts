import type { Words } from './slip.svelte';

/** What the form without script holds: typed before the script was there, or sent back. */
export interface Plain {
  words: Partial<Words>;
  key: string;
  /** What the server said about it; "" nothing. */
  problem: string;
  /** The field that has the focus; "" none. */
  focus: string;
}

const simple = ['name', 'phone', 'commune', 'organisation', 'email', 'idNumber', 'topic', 'question', 'code'] as const;

/** Reads the server's form; null when there is none. Only what was filled in is told. */
export function readPlain(root: ParentNode): Plain | null {
  const form = root.querySelector<HTMLFormElement>('main.plain form');
  if (!form) return null;
  const data = new FormData(form);
  const value = (name: string): string => {
    const entry = data.get(name);
    return typeof entry === 'string' ? entry : '';
  };
  const words: Partial<Words> = {};
  for (const name of simple) if (value(name) !== '') words[name] = value(name);
  const venue = value('venue');
  if (venue === 'online') words.place = 'online';
  else if (venue) Object.assign(words, { place: 'venue', venue });
  if (value('consentPrivacy')) words.privacy = value('consentPrivacy');
  if (value('consentName')) words.mayName = value('consentName');
  if (value('consentContact')) words.mayContact = value('consentContact');
  const active = form.ownerDocument.activeElement;
  return {
    words,
    key: Object.keys(words).length > 0 ? value('idempotencyKey') : '',
    problem: root.querySelector('main.plain .problem')?.textContent?.trim() ?? '',
    focus: active && form.contains(active) ? (active.getAttribute('name') ?? '') : '',
  };
}
