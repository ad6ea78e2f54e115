import { randomId } from '../live/id';
import { Keeper } from './keeper.svelte';
import { http } from './line';
import { BrowserStore } from './store';

const LOCK = 'diemcau.door';

/** The one keeper of this tab; it is made when the door is first shown. */
class DoorKeeper {
  #keeper: Promise<Keeper> | undefined;

  /** Whether this device was set up for a door. */
  async isSetUp(): Promise<boolean> {
    try {
      return (await (await BrowserStore.open()).load()) !== undefined;
    } catch {
      return false;
    }
  }

  /** The keeper, once this is the only tab that keeps the door. waits is called when it is not. */
  open(waits: () => void): Promise<Keeper> {
    this.#keeper ??= alone(waits).then(async () => {
      const keeper = new Keeper({ store: await BrowserStore.open(), line: http, now: () => Date.now(), id: randomId });
      await keeper.open();
      return keeper;
    });
    return this.#keeper;
  }
}

/** Resolves when no other tab keeps the door; the lock is held until this tab ends. */
function alone(waits: () => void): Promise<void> {
  return new Promise((resolve) => {
    void navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock) {
        resolve();
        return new Promise<never>(() => undefined);
      }
      waits();
      void navigator.locks.request(LOCK, () => {
        resolve();
        return new Promise<never>(() => undefined);
      });
      return undefined;
    });
  });
}

export const doorKeeper = new DoorKeeper();
