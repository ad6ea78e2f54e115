/** How the page looks: as the device says, or as chosen in this browser. */
export type Theme = 'auto' | 'light' | 'dark';

const STORED = 'diemcau.theme';

function initial(): Theme {
  const chosen = typeof document === 'undefined' ? '' : document.documentElement.dataset['theme'];
  return chosen === 'light' || chosen === 'dark' ? chosen : 'auto';
}

class ThemeChoice {
  #value = $state<Theme>(initial());

  get value(): Theme {
    return this.#value;
  }

  choose(theme: Theme): void {
    this.#value = theme;
    if (theme === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    try {
      if (theme === 'auto') localStorage.removeItem(STORED);
      else localStorage.setItem(STORED, theme);
    } catch {
      // Storage may be blocked: the choice then lasts until the page is closed.
    }
  }
}

export const theme = new ThemeChoice();
