// The service worker of /desk: it keeps the page itself, so that it opens without a network.
// It keeps no answer of the server about anybody: what is not in FILES is not touched.
const version = 'VERSION';
const files = 'FILES';
const SHELL = '/desk';
const PREFIX = 'diemcau.desk.';
const name = PREFIX + version;

addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(name).then((cache) => cache.addAll([SHELL, ...files].map((path) => new Request(path, { cache: 'reload', credentials: 'omit' })))),
  );
});

addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((all) => Promise.all(all.filter((one) => one.startsWith(PREFIX) && one !== name).map((one) => caches.delete(one))))
      .then(() => self.clients.claim()),
  );
});

// The page asks for a new version to take over; it loads itself again then.
addEventListener('message', (event) => {
  if (event.data === 'take over') self.skipWaiting();
});

const known = new Set(files);

addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  const kept = request.mode === 'navigate' && url.pathname === SHELL ? SHELL : known.has(url.pathname) ? url.pathname : '';
  if (!kept) return;
  event.respondWith(
    caches
      .open(name)
      .then((cache) => cache.match(kept))
      .then((found) => found ?? fetch(request)),
  );
});
