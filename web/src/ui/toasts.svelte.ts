/** A short message that goes away by itself; errors stay longer. */
export interface Toast {
  readonly id: number;
  readonly kind: 'good' | 'error' | 'note';
  readonly text: string;
}

const GOOD_MS = 5_000;
const ERROR_MS = 12_000;

class Toasts {
  #list = $state.raw<readonly Toast[]>([]);
  #next = 1;

  get list(): readonly Toast[] {
    return this.#list;
  }

  show(kind: Toast['kind'], text: string): void {
    const toast = { id: this.#next++, kind, text };
    this.#list = [...this.#list.slice(-2), toast];
    setTimeout(() => this.dismiss(toast.id), kind === 'error' ? ERROR_MS : GOOD_MS);
  }

  dismiss(id: number): void {
    this.#list = this.#list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
