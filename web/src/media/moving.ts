// Whether the picture of an element moves.

/** Milliseconds between looks, and how long a picture may stand still: its source may send five a second. */
const LOOK_MS = 200;
const STILL_MS = 1500;

/** watchMoving tells when pictures begin to come in an element, and when they come no more. */
export function watchMoving(video: HTMLVideoElement, tell: (moves: boolean) => void): () => void {
  const count = (): number => video.getVideoPlaybackQuality().totalVideoFrames;
  let [frames, at, moves] = [count(), 0, false];
  const timer = setInterval(() => {
    const [now, seen] = [performance.now(), count()];
    if (seen !== frames) [frames, at] = [seen, now];
    const moving = at !== 0 && now - at < STILL_MS;
    if (moving !== moves) tell((moves = moving));
  }, LOOK_MS);
  return () => clearInterval(timer);
}
