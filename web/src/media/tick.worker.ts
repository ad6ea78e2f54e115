// A clock for the test picture: timers of a hidden page are slowed down to one a second,
// those of a worker are not.

let timer: ReturnType<typeof setInterval> | undefined;

self.onmessage = (event: MessageEvent<number>) => {
  if (timer !== undefined) clearInterval(timer);
  timer = setInterval(() => self.postMessage(0), event.data);
};
