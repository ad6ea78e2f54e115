/** What is typed for a question and not sent yet; it outlives the dialog and the lease. */
export class Drafts {
  readonly #kept = new Map<string, unknown>();

  /** The draft of a dialog for a question, or what it starts with. */
  get<T extends object>(dialog: string, question: string, start: T): T {
    const kept = this.#kept.get(`${dialog} ${question}`);
    return kept ? { ...start, ...kept } : start;
  }

  keep(dialog: string, question: string, draft: object): void {
    this.#kept.set(`${dialog} ${question}`, { ...draft });
  }

  /** The question is decided: nothing typed for it is needed any more. */
  drop(question: string): void {
    for (const key of [...this.#kept.keys()]) if (key.endsWith(` ${question}`)) this.#kept.delete(key);
  }
}
