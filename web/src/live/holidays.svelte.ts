import { call } from '../rest/api';
import type { Holidays } from '../wire/wire.gen';
import { calendarOf, WEEKENDS } from './workdays';
import type { Calendar } from './workdays';

/** The server's holidays: asked for once a page, by whoever counts working days. */
class HolidayBook {
  #calendar = $state.raw<Calendar>(WEEKENDS);
  #asked: Promise<void> | undefined;

  /** The calendar; until it has come, or when it cannot, weekends alone are free. */
  get calendar(): Calendar {
    return this.#calendar;
  }

  /** Asks for the holidays; when that fails the next call asks again. */
  load(): Promise<void> {
    this.#asked ??= call<Holidays>('GET', '/api/v1/holidays').then(
      (holidays) => {
        this.#calendar = calendarOf(holidays);
      },
      () => {
        this.#asked = undefined;
      },
    );
    return this.#asked;
  }
}

export const holidays = new HolidayBook();
