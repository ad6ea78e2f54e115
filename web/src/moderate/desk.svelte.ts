import { untrack } from 'svelte';
import { moderate } from '../i18n/moderate';
import { common } from '../i18n/common';
import type { Live } from '../live/live.svelte';
import { ProblemError, sentence } from '../live/problem';
import { toasts } from '../ui/toasts.svelte';
import type { Channel, CommandName, Commands, OK, Question, Visibility } from '../wire/wire.gen';
import { Alike } from './alike.svelte';
import { allowed, holds, proposedBy } from './allowed';
import type { Me } from './allowed';
import { Drafts } from './drafts';
import { deciderOf } from './hands';
import type { Wish } from './keys';
import { Lease } from './lease.svelte';
import { listsOf } from './lists';
import type { Filter, ListName, Lists } from './lists';
import { likely } from './similar';
import type { Likely } from './similar';

/** Questions that share so much of their words are told of on the card. */
const ALIKE = 0.5;
const MOST_ALIKE = 9;

/** One moderator's desk: what is selected, what is held, and the decisions. */
export class Desk {
  readonly live: Live;
  readonly lease: Lease;
  readonly alike: Alike;
  readonly drafts = new Drafts();
  #list = $state<ListName>('waiting');
  #filter = $state.raw<Filter>({ topic: '', venue: '' });
  #selected = $state('');
  #visibility = $state.raw<{ id: string; choice: Visibility }>({ id: '', choice: 'text' });
  #busy = $state(false);
  #lead = $state(false);
  readonly #me: Me = $derived.by(() => ({
    session: this.live.welcome?.session ?? '',
    person: this.live.welcome?.person ?? '',
  }));
  readonly #lists: Lists = $derived.by(() =>
    listsOf(this.live.view?.questions.values() ?? [], this.#me.session, this.#filter),
  );
  readonly #shown = $derived(this.#lists[this.#list]);
  readonly #question = $derived.by(() => this.live.view?.questions.get(this.#selected));

  constructor(live: Live) {
    this.live = live;
    this.lease = new Lease((id) => live.socket.command('question.keep', { id }, { again: false }));
    this.alike = new Alike(async (body) => (await live.socket.command('question.similar', { body })).similar ?? []);
  }

  /** Looks after the lease of the open card; at every change of it. */
  tend(): void {
    this.lease.watch(this.#question, this.holds(this.#question), this.live.now());
  }

  /** Without a selection, goes to the card this session still holds. */
  resume(): void {
    if (this.#selected === '') this.#selected = this.#lists.mine[0]?.id ?? '';
  }

  get me(): Me {
    return this.#me;
  }

  get lists(): Lists {
    return this.#lists;
  }

  get list(): ListName {
    return this.#list;
  }

  get filter(): Filter {
    return this.#filter;
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

  /** Who may read the question once it is approved: what was chosen, else as it was, else its text. */
  visibility(question: Question): Visibility {
    const { id, choice } = this.#visibility;
    return id === question.id ? choice : (question.visibility ?? 'text');
  }

  /** The choices for a question: its asker is named only when they agreed. */
  visibilities(question: Question): readonly Visibility[] {
    return question.mayName && question.name ? ['text', 'textName', 'private'] : ['text', 'private'];
  }

  setVisibility(question: Question, choice: Visibility): void {
    this.#visibility = { id: question.id, choice };
  }

  /** Goes on to the next choice of who may read it. */
  turnVisibility(question: Question): void {
    const choices = this.visibilities(question);
    const at = choices.indexOf(this.visibility(question));
    this.setVisibility(question, choices[(at + 1) % choices.length] ?? 'text');
  }

  /** Whether the overview is shown in the place of the card. */
  get lead(): boolean {
    return this.#lead;
  }

  turnLead(): void {
    this.#lead = !this.#lead;
  }

  show(list: ListName): void {
    this.#lead = false;
    this.#list = list;
    this.#selected = this.#lists[list][0]?.id ?? '';
  }

  narrow(filter: Filter): void {
    this.#filter = filter;
  }

  select(id: string): void {
    this.#lead = false;
    this.#selected = id;
  }

  /** Opens a question that was decided from the overview, beside the others of its list. */
  open(question: Question): void {
    this.#list = question.state === 'held' ? 'held' : 'decided';
    this.select(question.id);
  }

  /** Moves the selection; without one, to the first row. */
  move(by: number): void {
    this.#lead = false;
    const at = this.#shown.findIndex((question) => question.id === this.#selected);
    const to = at < 0 ? 0 : Math.max(0, Math.min(this.#shown.length - 1, at + by));
    this.#selected = this.#shown[to]?.id ?? '';
  }

  /** Whether this session holds the question. */
  holds(question: Question | undefined): boolean {
    return holds(question, this.#me);
  }

  /** Whether the wish can be granted for the question as it stands. */
  may(wish: Wish, question: Question): boolean {
    return allowed(question, this.#me).includes(wish);
  }

  /** The questions that may stand for one, the likeliest first, at this moment. */
  likely(question: Question, search: string, most: number): Likely[] {
    const told = this.alike.of(question);
    // Found when it is asked for, not at every change of thousands of others.
    const others = untrack(() => this.live.view?.questions.values() ?? []);
    return likely(question, others, search, most, told);
  }

  /** How many questions ask much the same. */
  similar(question: Question): number {
    return this.likely(question, '', MOST_ALIKE).filter(({ score }) => score >= ALIKE).length;
  }

  /** Who holds a question, by name. */
  holder(question: Question): string {
    return question.claim?.person || moderate().someone;
  }

  /** Claims the question of the lane that has waited longest; goes on when others are faster. */
  async next(): Promise<void> {
    this.#lead = false;
    await this.#work('', async () => {
      const tried = new Set<string>();
      for (;;) {
        const oldest = this.#oldest((question) => !tried.has(question.id));
        if (!oldest) {
          toasts.show('note', moderate().noneLeft);
          return;
        }
        tried.add(oldest.id);
        try {
          await this.#claim(oldest.id, false);
          this.#selected = oldest.id;
          return;
        } catch (error) {
          if (!(error instanceof ProblemError) || error.problem.kind !== 'conflict') throw error;
        }
      }
    });
  }

  async claim(question: Question): Promise<boolean> {
    return this.#work(question.id, () => this.#hold(question));
  }

  /** Takes the card from whoever holds it. */
  async takeOver(question: Question): Promise<boolean> {
    return this.#work(question.id, async () => {
      await this.#claim(question.id, true);
      toasts.show('good', moderate().takenOver);
    });
  }

  /**
   * Decides a card, claiming it first where need be; the eye then goes to the question
   * that now waits longest.
   */
  async decide<N extends CommandName>(question: Question, name: N, data: Commands[N], said: string): Promise<boolean> {
    return this.#work(question.id, async () => {
      const screening = question.state === 'pending' || question.state === 'held' || question.state === 'claimed';
      if (screening) await this.#hold(question);
      await this.#end(question.id, () => this.live.socket.command(name, data));
      this.drafts.drop(question.id);
      toasts.show('good', said);
      if (screening && this.#selected === question.id) {
        this.#selected = this.#oldest((other) => other.id !== question.id)?.id ?? '';
      }
    });
  }

  approve(question: Question, short = ''): Promise<boolean> {
    const visibility = this.visibility(question);
    const data = { id: question.id, ...(short ? { short } : {}), ...(visibility === 'text' ? {} : { visibility }) };
    return this.decide(question, 'question.approve', data, moderate().approved);
  }

  /** Gives a wording and leaves the question where it is; '' is the asker's own. */
  async reword(question: Question, short: string): Promise<boolean> {
    return this.#work(question.id, async () => {
      await this.live.socket.command('question.edit', { id: question.id, short });
      this.drafts.drop(question.id);
      toasts.show('good', moderate().reworded);
    });
  }

  /** Takes back a decision; the question waits again. */
  async undo(question: Question): Promise<boolean> {
    return this.#work(question.id, async () => {
      await this.live.socket.command('question.undo', { id: question.id });
      toasts.show('good', moderate().undone);
    });
  }

  async release(question: Question): Promise<boolean> {
    if (!this.holds(question)) return false;
    return this.#work(question.id, async () => {
      await this.#end(question.id, () => this.live.socket.command('question.release', { id: question.id }));
      toasts.show('good', moderate().released);
    });
  }

  /** Enters a question taken by telephone; null when it was refused, and told. */
  async submit(data: Commands['question.submit']): Promise<OK | null> {
    let ok: OK | null = null;
    await this.#work('', async () => {
      ok = await this.live.socket.command('question.submit', data);
    });
    return ok;
  }

  #oldest(which: (question: Question) => boolean): Question | undefined {
    const lane = this.#lists[this.#list === 'held' ? 'held' : 'waiting'];
    return lane.find((one) => one.state !== 'claimed' && !proposedBy(one, this.#me) && which(one));
  }

  /** Lets go of the card by a command; when that is refused the card is kept on. */
  async #end(id: string, send: () => Promise<OK>): Promise<void> {
    this.lease.ends(id);
    try {
      await send();
    } catch (error) {
      this.lease.wants(id);
      this.tend();
      throw error;
    }
  }

  /** Stops taking the questions of a channel, or takes them again. */
  async freeze(channel: Channel, on: boolean): Promise<void> {
    await this.#work('', async () => {
      await this.live.socket.command('channel.freeze', { channel, on });
    });
  }

  async #hold(question: Question): Promise<void> {
    if (!this.holds(question)) await this.#claim(question.id, false);
  }

  async #claim(id: string, takeOver: boolean): Promise<void> {
    this.lease.wants(id);
    await this.live.socket.command('question.claim', takeOver ? { id, takeOver } : { id });
  }

  async #work(id: string, act: () => Promise<void>): Promise<boolean> {
    if (this.#busy) return false;
    this.#busy = true;
    try {
      await act();
      return true;
    } catch (error) {
      toasts.show('error', this.#told(error, id));
      return false;
    } finally {
      this.#busy = false;
    }
  }

  /** A lost race names who was faster and how the question stands now. */
  #told(error: unknown, id: string): string {
    const now = error instanceof ProblemError ? error.problem.question : undefined;
    if (!now || now.id !== id || this.holds(now) || !(error instanceof ProblemError)) return sentence(error);
    if (now.state === 'claimed') return moderate().raced(this.holder(now), common().questionState[now.state]);
    if (!error.problem.code.startsWith('question.already_')) return sentence(error);
    return moderate().raced(deciderOf(now) || moderate().someone, common().questionState[now.state]);
  }
}
