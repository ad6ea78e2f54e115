// The stage manager's page: what is chosen, and what is asked of the server.

import { stageWords } from '../i18n/stage';
import type { Live } from '../live/live.svelte';
import { ProblemError, sentence } from '../live/problem';
import { venueName, type View } from '../live/reduce';
import { Media } from '../media/media.svelte';
import type { LineBoard } from '../lines/board.svelte';
import { PAGE_TILES, stagePlan, tilePage } from '../media/slots';
import { toasts } from '../ui/toasts.svelte';
import { hands } from '../venue/tally';
import type { CommandName, Commands, Place, Venue } from '../wire/wire.gen';
import { Acts } from './acts.svelte';
import { isFloor, type Action } from './keys';
import { QuestionDesk } from './questions.svelte';
import { Talk } from './talk.svelte';
import { liveTiles, orderHalls, type Shown, type WallOrder } from './wall';

const STORED = 'diemcau.stage.limit';

/** LIMITS are the speaking times to choose from, minutes; 0 is none. */
export const LIMITS = [0, 1, 2, 3, 5, 10] as const;

/** StageDesk is the state of the stage page. */
export class StageDesk {
  readonly live: Live;
  readonly media: Media;
  /** lines are the venues' lines, and who speaks. */
  readonly lines: LineBoard;
  /** questions is the questions' part of the page. */
  readonly questions: QuestionDesk;
  /** talk is the stage manager's microphone, for one hall. */
  readonly talk: Talk;
  readonly #acts: Acts;
  readonly #view: () => View;
  #venue = $state('');
  #page = $state(0);
  #limit = $state(recall());
  #asking = $state(false);
  #shown = $state<Shown>('live');
  #order = $state<WallOrder>('list');
  #detail = $state('');

  /** The view must be there: the number of tiles is offered once. */
  constructor(live: Live, lines: LineBoard, view: () => View) {
    this.live = live;
    this.lines = lines;
    this.#view = view;
    this.#acts = new Acts(live, (error) => this.#refusal(error));
    this.questions = new QuestionDesk(live, this.#acts, view);
    this.media = new Media(live, stagePlan(1 + Math.min(PAGE_TILES, this.halls.length)));
    this.talk = new Talk(live, this.media);
  }

  /** view is the conference now. */
  get view(): View {
    return this.#view();
  }

  /** main is City Hall's id. */
  get main(): string {
    return this.view.floor.main;
  }

  /** halls are all venues but City Hall, in the conference's order. */
  get halls(): readonly Place[] {
    return this.view.conference.venues.filter((v) => v.id !== this.main);
  }

  /** page is the page of tiles shown, with City Hall always first. */
  get page(): { tiles: readonly string[]; page: number; pages: number } {
    const cut = tilePage(this.ordered, this.#page);
    return { tiles: [this.main, ...cut.items], page: cut.page, pages: cut.pages };
  }

  /** ordered are the halls' ids in the order they are shown. */
  get ordered(): readonly string[] {
    return orderHalls(this.halls, this.#order, this.view.floor, this.hands);
  }

  /** order is how the halls are ordered. */
  get order(): WallOrder {
    return this.#order;
  }

  /** shown is what the middle of the page shows. */
  get shown(): Shown {
    return this.#shown;
  }

  /** wanted are the venues whose live pictures the page needs now. */
  get wanted(): readonly string[] {
    return liveTiles(this.#shown, this.page.tiles, this.view.floor);
  }

  /** detail is the venue whose line is looked at; '' for none. */
  get detail(): string {
    return this.#detail;
  }

  set detail(venue: string) {
    this.#detail = venue;
  }

  /** venue is the chosen venue's id; '' for none. */
  get venue(): string {
    return this.#venue;
  }

  /** chosen is the chosen venue's place on the floor. */
  get chosen(): Venue | undefined {
    return this.view.venues.get(this.#venue);
  }

  /** hands are the venues with a raised hand, earliest first. */
  get hands(): string[] {
    return hands(this.view);
  }

  /** limit is the minutes given with each turn; 0 is no limit. */
  get limit(): number {
    return this.#limit;
  }

  /** asking is true while the page asks whether to cover the programme. */
  get asking(): boolean {
    return this.#asking;
  }

  set asking(open: boolean) {
    this.#asking = open;
  }

  /** busy is the action under way; '' for none. */
  get busy(): string {
    return this.#acts.busy;
  }

  /** name is a venue's name. */
  name(id: string | undefined): string {
    return venueName(this.view.conference, id) || (id ?? '');
  }

  /** choose chooses a venue. */
  choose(id: string): void {
    this.#venue = id;
  }

  /** setLimit sets the minutes of the turns given from now on. */
  setLimit(minutes: number): void {
    this.#limit = minutes;
    try {
      localStorage.setItem(STORED, String(minutes));
    } catch {
      // Storage may be blocked: the choice then lasts until the page is closed.
    }
  }

  /** show changes what the middle of the page shows. */
  show(shown: Shown): void {
    this.#shown = shown;
  }

  /** setOrder orders the halls anew, from the first page on. */
  setOrder(order: WallOrder): void {
    this.#order = order;
    this.#page = 0;
  }

  /** turnPage shows another page of venues. */
  turnPage(by: number): void {
    this.#page = Math.max(0, Math.min(this.page.pages - 1, this.page.page + by));
  }

  /** showTiles asks for the pictures of the page shown. */
  async showTiles(venues: readonly string[]): Promise<void> {
    try {
      await this.live.socket.command('media.tiles', { venues: [...venues] });
    } catch (error) {
      toasts.show('error', sentence(error));
    }
  }

  /** do carries an action out, on the given venue or question or on the chosen one. */
  async do(action: Action, on?: string): Promise<void> {
    if (!isFloor(action)) return this.questions.do(action, on);
    switch (action) {
      case 'preview':
      case 'give':
      case 'lower':
        return this.#onVenue(action, on ?? this.#venue);
      case 'talk':
        return this.#talk(on ?? this.#venue);
      case 'takeBack':
        if (!this.view.floor.holder) return this.#note(stageWords().venues.notHolder);
        return this.#send(action, 'floor.takeBack', { venue: this.view.floor.holder });
      case 'cityHall':
        return this.#send(action, 'floor.cityHall', {});
      case 'slate':
        if (this.view.floor.slate) return this.slate(false);
        this.#asking = true;
        return;
      case 'beside':
        return this.#send(action, 'programme.beside', { on: !this.view.floor.beside });
      case 'pageBefore':
      case 'pageAfter':
        return this.turnPage(action === 'pageAfter' ? 1 : -1);
      case 'showLive':
        return this.show('live');
      case 'showAll':
        return this.show('all');
      case 'showLines':
        return this.show('lines');
      case 'followHands':
        return this.setOrder(this.#order === 'hands' ? 'list' : 'hands');
    }
  }

  /** slate covers or uncovers the programme. */
  async slate(on: boolean): Promise<void> {
    this.#asking = false;
    await this.#send('slate', 'programme.slate', { on });
  }

  /** clearPreview says that nobody is next. */
  async clearPreview(): Promise<void> {
    await this.#send('clearPreview', 'floor.preview', { venue: '' });
  }

  /** The hall's page must be there to hear; whether it can, the server says. */
  async #talk(id: string): Promise<void> {
    const t = stageWords().venues;
    if (this.talk.to !== '' && (id === '' || id === this.talk.to)) return this.talk.end();
    if (this.view.venues.get(id) === undefined) return this.#note(t.chooseFirst);
    if (id === this.main) return this.#note(t.isMain);
    await this.talk.begin(id);
  }

  async #onVenue(action: 'preview' | 'give' | 'lower', id: string): Promise<void> {
    const t = stageWords().venues;
    const venue = this.view.venues.get(id);
    if (venue === undefined) return this.#note(t.chooseFirst);
    if (action === 'lower') return this.#send(action, 'hand.lower', { venue: id }, id);
    if (id === this.main) return this.#note(t.isMain);
    if (venue.state === 'offline' || venue.state === 'connected') {
      return this.#note(t.notReady(this.name(id)));
    }
    if (action === 'preview') {
      const again = this.view.floor.preview === id;
      return this.#send(action, 'floor.preview', { venue: again ? '' : id }, id);
    }
    const limitMs = this.#limit * 60_000;
    // seen: should a colleague have given the floor meanwhile, this is refused.
    const seen = this.view.floor.holder ?? '';
    return this.#send(action, 'floor.give', { venue: id, seen, ...(limitMs > 0 ? { limitMs } : {}) }, id);
  }

  async #send<N extends CommandName>(action: string, name: N, data: Commands[N], on = ''): Promise<void> {
    await this.#acts.send(action, name, data, on);
  }

  /** A lost race about the floor says who has it now. */
  #refusal(error: unknown): string {
    const words = sentence(error);
    if (!(error instanceof ProblemError) || !error.problem.code.startsWith('floor.')) return words;
    const { holder } = this.view.floor;
    const t = stageWords().floor;
    return `${words} ${holder ? t.now(this.name(holder)) : t.nowNobody}`;
  }

  #note(text: string): void {
    toasts.show('note', text);
  }
}

function recall(): number {
  try {
    const stored = Number(localStorage.getItem(STORED) ?? 0);
    return LIMITS.some((minutes) => minutes === stored) ? stored : 0;
  } catch {
    return 0;
  }
}
