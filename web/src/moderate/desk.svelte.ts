import { common } from '../i18n/common';
import { moderate } from '../i18n/moderate';
import type { Live } from '../live/live.svelte';
import { ProblemError, sentence } from '../live/problem';
import { toasts } from '../ui/toasts.svelte';
import type { Question, QuestionRefuse } from '../wire/wire.gen';
import { listsOf } from './lists';
import type { ListName, Lists } from './lists';

/** One moderator's desk: what is selected, what is held, and the decisions. */
export class Desk {
  readonly live: Live;
  #list = $state<ListName>('pending');
  #selected = $state('');
  #busy = $state(false);
  readonly #lists: Lists = $derived.by(() => listsOf(this.live.view?.questions.values() ?? []));
  readonly #shown = $derived(this.#lists[this.#list]);
  readonly #question = $derived.by(() => this.live.view?.questions.get(this.#selected));

  constructor(live: Live) {
    this.live = live;
  }

  get lists(): Lists {
    return this.#lists;
  }

  get list(): ListName {
    return this.#list;
  }

  /** The questions of the chosen list. */
  get shown(): readonly Question[] {
    return this.#shown;
  }

  /** The question on the card. */
  get question(): Question | undefined {
    return this.#question;
  }

  get busy(): boolean {
    return this.#busy;
  }

  show(list: ListName): void {
    this.#list = list;
    this.#selected = this.#lists[list][0]?.id ?? '';
  }

  select(id: string): void {
    this.#selected = id;
  }

  /** Moves the selection; without one, to the first row. */
  move(by: number): void {
    const at = this.#shown.findIndex((question) => question.id === this.#selected);
    const to = at < 0 ? 0 : Math.max(0, Math.min(this.#shown.length - 1, at + by));
    this.#selected = this.#shown[to]?.id ?? '';
  }

  /** Whether this session holds the question. */
  holds(question: Question | undefined): boolean {
    return question?.state === 'claimed' && question.claim?.session === this.live.welcome?.session;
  }

  /** Whether this session may decide it, claiming it first where need be. */
  open(question: Question | undefined): question is Question {
    return question !== undefined && (question.state === 'pending' || this.holds(question));
  }

  /** Who holds a question, by name. */
  holder(question: Question): string {
    return question.claim?.person || moderate().someone;
  }

  /** Claims the question that has waited longest; goes on when others are faster. */
  async next(): Promise<void> {
    await this.#work(async () => {
      const tried = new Set<string>();
      for (;;) {
        const oldest = this.#lists.pending.find((question) => !tried.has(question.id));
        if (!oldest) {
          toasts.show('note', moderate().noneLeft);
          return;
        }
        tried.add(oldest.id);
        try {
          await this.live.socket.command('question.claim', { id: oldest.id });
          this.#selected = oldest.id;
          return;
        } catch (error) {
          if (!(error instanceof ProblemError) || error.problem.kind !== 'conflict') throw error;
        }
      }
    });
  }

  async claim(question: Question): Promise<boolean> {
    return this.#work(() => this.#hold(question));
  }

  async approve(question: Question, short: string): Promise<boolean> {
    return this.#work(async () => {
      await this.#hold(question);
      await this.live.socket.command('question.approve', short ? { id: question.id, short } : { id: question.id });
      this.#after(question, moderate().approved);
    });
  }

  async refuse(question: Question, refusal: Omit<QuestionRefuse, 'id'>): Promise<boolean> {
    return this.#work(async () => {
      await this.#hold(question);
      await this.live.socket.command('question.refuse', { id: question.id, ...refusal });
      this.#after(question, moderate().refused);
    });
  }

  async release(question: Question): Promise<boolean> {
    if (!this.holds(question)) return false;
    return this.#work(async () => {
      await this.live.socket.command('question.release', { id: question.id });
      toasts.show('good', moderate().released);
    });
  }

  async #hold(question: Question): Promise<void> {
    if (this.holds(question)) return;
    await this.live.socket.command('question.claim', { id: question.id });
  }

  /** After a decision the eye goes to the question that now waits longest. */
  #after(decided: Question, said: string): void {
    toasts.show('good', said);
    if (this.#selected !== decided.id) return;
    this.#selected = this.#lists.pending.find((question) => question.id !== decided.id)?.id ?? '';
  }

  async #work(act: () => Promise<void>): Promise<boolean> {
    if (this.#busy) return false;
    this.#busy = true;
    try {
      await act();
      return true;
    } catch (error) {
      toasts.show('error', this.#told(error));
      return false;
    } finally {
      this.#busy = false;
    }
  }

  /** A lost race names who was faster and how the question stands now. */
  #told(error: unknown): string {
    const now = error instanceof ProblemError ? error.problem.question : undefined;
    if (!now) return sentence(error);
    return moderate().raced(this.holder(now), common().questionState[now.state]);
  }
}
