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

  get code(): Lang {
    return this.#code;
  }

  /** Switches the page at once; nothing is loaded again. */
  choose(code: Lang): void {
    this.#code = code;
    document.documentElement.lang = code;
    try {
      localStorage.setItem(STORED, code);
    } catch {
      // Storage may be blocked: the choice then lasts until the page is closed.
    }
  }
}

export const language = new Language();

/**
 * Returns a function that gives the messages in the current language; read it in a
 * template ({t().ask.submit}) and it changes with the language.
 */
export function catalogue<M>(all: { vi: M; en: M }): () => M {
  return () => all[language.code];
}
