const LOOK_EVERY_MS = 60 * 60_000;

/** Keeps the page itself on this device, and tells when there is a newer one. */
class Offline {
  #waiting = $state.raw<ServiceWorker | null>(null);
  #started = false;

  /** A newer version is on this device and waits to be used. */
  get newer(): boolean {
    return this.#waiting !== null;
  }

  start(): void {
    if (this.#started || !('serviceWorker' in navigator)) return;
    this.#started = true;
    navigator.serviceWorker.register('/desk-sw.js', { scope: '/desk' }).then(
      (registration) => this.#watch(registration),
      () => undefined, // plain http, or switched off: the door says that it needs https
    );
  }

  /** Lets the newer version take over and opens the page with it. */
  use(): void {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    this.#waiting?.postMessage('take over');
  }

  #watch(registration: ServiceWorkerRegistration): void {
    const look = (worker: ServiceWorker | null) => {
      if (worker?.state === 'installed' && navigator.serviceWorker.controller) this.#waiting = worker;
    };
    look(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const next = registration.installing;
      next?.addEventListener('statechange', () => look(next));
    });
    setInterval(() => void registration.update().catch(() => undefined), LOOK_EVERY_MS);
  }
}

export const offline = new Offline();
