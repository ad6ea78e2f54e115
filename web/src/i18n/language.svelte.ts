/** The languages of the pages, the source first. */
export type Lang = 'vi' | 'en';

const STORED = 'diemcau.lang';

function initial(): Lang {
  if (typeof document === 'undefined') return 'vi';
  return document.documentElement.lang === 'en' ? 'en' : 'vi';
}

/** The language the page speaks now; kept in this browser, shown on <html lang>. */
class Language {
  #code = $state<Lang>(initial());
  readonly #loaders: (() => Promise<void>)[] = [];

  get code(): Lang {
    return this.#code;
  }

  /** Fetches the words of the present language that were not shipped with the page. */
  async ready(): Promise<void> {
    if (this.#code === 'en') await Promise.all(this.#loaders.map((load) => load()));
  }

  /** Switches the page once the words are there; the page itself is not loaded again. */
  async choose(code: Lang): Promise<void> {
    if (code === 'en') await Promise.all(this.#loaders.map((load) => load()));
    this.#code = code;
    document.documentElement.lang = code;
    try {
      localStorage.setItem(STORED, code);
    } catch {
      // Storage may be blocked: the choice then lasts until the page is closed.
    }
  }

  /** Adds words to be fetched when they are needed. */
  register(load: () => Promise<void>): void {
    this.#loaders.push(load);
    // Without a network the source language stands in until the next try.
    if (this.#code === 'en') load().catch(() => undefined);
  }
}

export const language = new Language();

type Loader<M> = () => Promise<{ default: M }>;

/**
 * Returns a function that gives the messages in the current language; read it in a
 * template ({t().ask.submit}) and it changes with the language. English may be given as an
 * import to be made later: most phones then never fetch it.
 */
export function catalogue<M extends object>(all: { vi: M; en: M | Loader<M> }): () => M {
  const { vi, en } = all;
  if (typeof en !== 'function') return () => (language.code === 'en' ? en : vi);
  let fetched = $state.raw<M | null>(null);
  language.register(async () => {
    fetched ??= (await (en as Loader<M>)()).default;
  });
  return () => (language.code === 'en' && fetched) || vi;
}
