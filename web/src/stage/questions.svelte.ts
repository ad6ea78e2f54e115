// The questions of the stage page: the running order, which one is chosen, and how one ends.

import { stageWords } from '../i18n/stage';
import type { Live } from '../live/live.svelte';
import type { View } from '../live/reduce';
import { toasts } from '../ui/toasts.svelte';
import type { Question } from '../wire/wire.gen';
import type { Acts } from './acts.svelte';
import { EndingForm } from './ending.svelte';
import type { QuestionAction } from './keys';
import { fairNext, lanes, type Lane } from './lanes';
import { mayEdit, moveBefore, neighbour, outcome, rows, runningOrder, SORTS, type Outcome, type RunningOrder, type Sort } from './order';
import { today } from '../live/workdays';

const STORED = 'diemcau.stage.sort';

/** Asked is the dialog that is open. */
export type Asked = '' | 'ending' | 'recall' | 'edit' | 'fair';

/** QuestionDesk is the state of the questions' part of the stage page. */
export class QuestionDesk {
  readonly #live: Live;
  readonly #acts: Acts;
  readonly #view: () => View;
  #chosen = $state('');
  #sort = $state<Sort>(remembered());
  #asked = $state<Asked>('');
  /** The question that the open dialog is about. */
  #about = $state('');
  #form = $state.raw<EndingForm | undefined>();
  #refused = $state('');
  readonly #order = $derived.by(() => runningOrder(this.#view(), this.#sort, this.#live.now()));
  readonly #lanes = $derived.by(() => lanes(this.#view(), this.#live.now()));

  constructor(live: Live, acts: Acts, view: () => View) {
    this.#live = live;
    this.#acts = acts;
    this.#view = view;
  }

  /** chosen is the chosen question's id; '' for none. */
  get chosen(): string {
    return this.#chosen;
  }

  /** order is the running order. */
  get order(): RunningOrder {
    return this.#order;
  }

  /** outcome is what became of the questions so far. */
  get outcome(): Outcome {
    return outcome(this.#view());
  }

  /** lanes are the venues and the network by what they had, as of the latest change. */
  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  /** lanesNow are the lanes with the turn that runs counted up to now. */
  lanesNow(): Lane[] {
    return lanes(this.#view(), this.#live.now());
  }

  /** fair is the question whose turn it fairly is. */
  get fair(): { lane: Lane; question: Question } | undefined {
    return fairNext(this.#lanes);
  }

  /** fairIsFirst tells whether that question already stands first. */
  get fairIsFirst(): boolean {
    const fair = this.fair;
    return fair !== undefined && this.#order.queue[0]?.id === fair.question.id;
  }

  /** sort is how the approved questions are looked at. */
  get sort(): Sort {
    return this.#sort;
  }

  set sort(sort: Sort) {
    this.#sort = sort;
    try {
      localStorage.setItem(STORED, sort);
    } catch {
      // Storage may be blocked: the choice then lasts until the page is closed.
    }
  }

  /** asked is the dialog that is open; '' for none. */
  get asked(): Asked {
    return this.#asked;
  }

  /** about is the question that dialog is about, as it is now. */
  get about(): Question | undefined {
    return this.#view().questions.get(this.#about);
  }

  /** form is the conclusion that is being filled in. */
  get form(): EndingForm | undefined {
    return this.#form;
  }

  /** refused is why the new wording was refused; '' when it was not. */
  get refused(): string {
    return this.#refused;
  }

  /** choose chooses a question. */
  choose(id: string): void {
    this.#chosen = id;
  }

  /** close puts the open dialog away; what was filled in is kept while the question is on air. */
  close(): void {
    this.#asked = '';
  }

  /** showFairness opens the table of the lanes. */
  showFairness(): void {
    this.#asked = 'fair';
  }

  /** do carries an action out, on the given question or on the chosen one. */
  async do(action: QuestionAction, on?: string): Promise<void> {
    switch (action) {
      case 'nextQuestion':
      case 'previousQuestion':
        this.#chosen = neighbour(rows(this.#order), this.#chosen, action === 'nextQuestion' ? 1 : -1);
        return;
      case 'answer':
      case 'recall':
        return this.#ask(action);
      case 'fairness':
        return this.showFairness();
      case 'fairFront':
        return this.#fairFront();
      default:
        return this.#onQuestion(action, on ?? this.#chosen);
    }
  }

  /** conclude ends the question on air with what the form says. */
  async conclude(): Promise<void> {
    const form = this.#form;
    const answer = form?.answer();
    if (form === undefined || answer === undefined) return;
    const send = async (): Promise<void> => void (await this.#live.socket.command('question.answer', answer));
    const done = await this.#acts.run('answer', form.question, send, (words) => (form.refused = words));
    if (!done) return;
    this.#form = undefined;
    if (this.#asked === 'ending') this.close();
  }

  /** recall takes the question on air off it, without an answer. */
  async recall(): Promise<void> {
    const id = this.#about;
    this.close();
    await this.#acts.send('recall', 'question.recall', { id }, id);
  }

  /** word gives the question a new wording; '' is the asker's own. */
  async word(short: string): Promise<void> {
    const id = this.#about;
    this.#refused = '';
    const send = async (): Promise<void> => void (await this.#live.socket.command('question.edit', { id, short }));
    if (await this.#acts.run('edit', id, send, (words) => (this.#refused = words))) this.close();
  }

  /** moveTo puts a question before another ('' at the end); used by dragging. */
  async moveTo(id: string, before: string): Promise<void> {
    if (id !== before) await this.#acts.send('moveTo', 'question.queue', place(id, before), id);
  }

  #ask(action: 'answer' | 'recall'): void {
    const view = this.#view();
    const question = view.questions.get(view.onAir);
    if (question === undefined) return this.#note(stageWords().order.noneOnAir);
    this.#about = question.id;
    if (action === 'recall') {
      this.#asked = 'recall';
      return;
    }
    // The chair's words typed before Escape are still there.
    if (this.#form?.question !== question.id) {
      this.#form = new EndingForm(question, view.conference, () => today(this.#live.now()));
    }
    this.#asked = 'ending';
  }

  async #fairFront(): Promise<void> {
    const t = stageWords().fair;
    const fair = fairNext(this.lanesNow());
    if (fair === undefined) return this.#note(t.nobody);
    const { id } = fair.question;
    const first = this.#order.queue[0]?.id ?? '';
    this.#chosen = id;
    if (first === id) return this.#note(t.already);
    await this.#acts.send('fairFront', 'question.queue', place(id, first), id);
  }

  async #onQuestion(action: QuestionAction, id: string): Promise<void> {
    const t = stageWords().order;
    const view = this.#view();
    const question = view.questions.get(id);
    if (question === undefined) return this.#note(t.chooseFirst);
    this.#chosen = id;
    switch (action) {
      case 'queue':
        await this.#acts.send(action, waits(question) ? 'question.queue' : 'question.unqueue', { id }, id);
        return;
      case 'stage':
        return this.#thenQueued(question, action, 'question.stage');
      case 'air':
        if (view.onAir !== '') return this.#note(t.otherOnAir);
        if (question.visibility === 'private') return this.#note(t.isPrivate);
        return this.#thenQueued(question, action, 'question.air');
      case 'edit':
        if (!mayEdit(question)) return this.#note(t.noEdit);
        this.#about = id;
        this.#refused = '';
        this.#asked = 'edit';
        return;
      case 'moveUp':
      case 'moveDown': {
        const before = moveBefore(this.#order.queue, id, action === 'moveUp' ? -1 : 1);
        if (before !== undefined) await this.#acts.send(action, 'question.queue', place(id, before), id);
        return;
      }
      default:
    }
  }

  /** A question that is not in order yet is put there first: one key for the manager. */
  async #thenQueued(question: Question, action: QuestionAction, name: 'question.stage' | 'question.air'): Promise<void> {
    await this.#acts.run(action, question.id, async () => {
      const { socket } = this.#live;
      if (waits(question)) await socket.command('question.queue', { id: question.id });
      await socket.command(name, { id: question.id });
    });
  }

  #note(text: string): void {
    toasts.show('note', text);
  }
}

/** Whether a question is not in the running order yet. */
function waits(question: Question): boolean {
  return question.state === 'approved' || question.state === 'recalled';
}

function place(id: string, before: string): { id: string; before?: string } {
  return before === '' ? { id } : { id, before };
}

function remembered(): Sort {
  try {
    const stored = localStorage.getItem(STORED);
    return SORTS.find((sort) => sort === stored) ?? 'time';
  } catch {
    return 'time';
  }
}
