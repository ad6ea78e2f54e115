/** A run of words that two wordings share, or that only one of them has. */
export interface Piece {
  kind: 'same' | 'gone' | 'new';
  text: string;
  /** Whether a space stands before it. */
  gap: boolean;
}

interface Token {
  readonly word: string;
  readonly gap: boolean;
}

/** Words, and signs each by itself, so that a lost word at the end leaves the question mark alone. */
function tokens(text: string): Token[] {
  const found = text.match(/\s*(?:[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}])/gu) ?? [];
  return found.map((token) => ({ word: token.trim(), gap: /^\s/.test(token) }));
}

/** How many words are common to a from i on and b from j on. */
function common(a: readonly Token[], b: readonly Token[]): Uint16Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  const cell = (i: number, j: number) => table[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    const row = table[i];
    if (!row) continue;
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i]?.word === b[j]?.word ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  return table;
}

/**
 * The way from one wording to another, word by word, as few words changed as possible.
 * The pieces of "same" and "new" make the new wording, but for its white space.
 */
export function wordDiff(before: string, after: string): Piece[] {
  const a = tokens(before);
  const b = tokens(after);
  const table = common(a, b);
  const pieces: Piece[] = [];
  const add = (kind: Piece['kind'], { word, gap }: Token) => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += gap ? ` ${word}` : word;
    else pieces.push({ kind, text: word, gap });
  };
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const old = a[i];
    const fresh = b[j];
    if (fresh !== undefined && old?.word === fresh.word) {
      add('same', fresh);
      i += 1;
      j += 1;
    } else if (old !== undefined && (fresh === undefined || (table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0))) {
      add('gone', old);
      i += 1;
    } else if (fresh !== undefined) {
      add('new', fresh);
      j += 1;
    }
  }
  return pieces;
}
