import { describe, expect, it } from 'vitest';

type Tree = { readonly [key: string]: unknown };

const sources = import.meta.glob<{ default: Tree }>('/src/**/vi.ts', { eager: true });
const translations = import.meta.glob<{ default: Tree }>('/src/**/en.ts', { eager: true });

/** Every leaf by its path: "ask.submit" → text or function. */
function leaves(tree: Tree, path = ''): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries(tree)) {
    const here = path ? `${path}.${key}` : key;
    if (typeof value === 'object' && value !== null) {
      for (const [below, leaf] of leaves(value as Tree, here)) found.set(below, leaf);
    } else {
      found.set(here, value);
    }
  }
  return found;
}

describe.each(Object.keys(sources))('%s', (path) => {
  const vi = leaves(sources[path]?.default ?? {});
  const en = leaves(translations[path.replace('/vi.ts', '/en.ts')]?.default ?? {});

  it('has the same keys in English', () => {
    expect([...en.keys()].sort()).toEqual([...vi.keys()].sort());
  });

  it('says something everywhere, in one normal form', () => {
    for (const [key, text] of [...vi, ...en]) {
      if (typeof text === 'function') {
        expect((text as (...args: unknown[]) => string)(2, 3, 5), key).not.toBe('');
        continue;
      }
      expect(typeof text, key).toBe('string');
      expect(String(text).trim(), key).not.toBe('');
      expect(String(text).normalize('NFC'), key).toBe(text);
    }
  });

  it('takes the same parameters', () => {
    for (const [key, text] of vi) {
      const other = en.get(key);
      if (typeof text === 'function') expect((other as () => string).length, key).toBe(text.length);
      else expect(typeof other, key).toBe('string');
    }
  });
});
