// The form of the chair's conclusion.

import type { Conference, Question, QuestionAnswer } from '../wire/wire.gen';
import { answerOf, firstEnding, missing, USUAL_DAYS, type Ending, type Missing } from './conclusion';
import { holidays } from '../live/holidays.svelte';
import { workdaysAfter } from '../live/workdays';

/** EndingForm is what has been filled in for one question; it is kept while that is on air. */
export class EndingForm {
  readonly question: string;
  readonly #day: () => string;
  #ending = $state.raw<Ending>({ none: true, agency: '', due: '', partly: false, text: '' });
  #tried = $state(false);
  #refused = $state('');

  /** day gives today's date in Hà Nội. */
  constructor(question: Question, conference: Conference, day: () => string) {
    this.question = question.id;
    this.#day = day;
    this.#ending = firstEnding(question, conference, this.in(USUAL_DAYS));
  }

  /** ending is what stands in the form. */
  get ending(): Ending {
    return this.#ending;
  }

  /** missing is what is wrong with it, once it was tried to send it. */
  get missing(): Missing {
    return this.#tried ? missing(this.#ending, this.#day()) : {};
  }

  /** refused is why the server refused it; '' when it did not. */
  get refused(): string {
    return this.#refused;
  }

  set refused(words: string) {
    this.#refused = words;
  }

  /** today is the first date that can be promised. */
  get today(): string {
    return this.#day();
  }

  /** put fills something in. */
  put(change: Partial<Ending>): void {
    this.#ending = { ...this.#ending, ...change };
    this.#refused = '';
  }

  /** in gives the date n working days from today. */
  in(days: number): string {
    return workdaysAfter(this.#day(), days, holidays.calendar);
  }

  /** answer is the command, or undefined while something is missing; then it is shown. */
  answer(): QuestionAnswer | undefined {
    this.#tried = true;
    const found = missing(this.#ending, this.#day());
    return Object.keys(found).length > 0 ? undefined : answerOf(this.question, this.#ending);
  }
}
