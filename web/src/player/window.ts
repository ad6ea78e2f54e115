// Full screen and the small window, also as iPhones have them: of the video element only.

interface AppleVideo extends HTMLVideoElement {
  webkitEnterFullscreen(): void;
  webkitPresentationMode: string;
  webkitSetPresentationMode(mode: string): void;
  webkitSupportsPresentationMode(mode: string): boolean;
}

const SMALL = 'picture-in-picture';
const apple = (video: HTMLVideoElement): video is AppleVideo => 'webkitSetPresentationMode' in video;

/** canWiden: there is a full screen here. */
export function canWiden(video: HTMLVideoElement): boolean {
  return (document.fullscreenEnabled ?? false) || 'webkitEnterFullscreen' in video;
}

/** widen shows the frame full screen, or the video where only that can be; again, it ends that. */
export async function widen(frame: HTMLElement, video: HTMLVideoElement): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else if (document.fullscreenEnabled ?? false) await frame.requestFullscreen();
  else (video as AppleVideo).webkitEnterFullscreen();
}

/** canShrink: there is a small window here. */
export function canShrink(video: HTMLVideoElement): boolean {
  return (document.pictureInPictureEnabled ?? false) || (apple(video) && video.webkitSupportsPresentationMode(SMALL));
}

/** shrink shows the video in the small window; again, it ends that. */
export async function shrink(video: HTMLVideoElement): Promise<void> {
  if (document.pictureInPictureEnabled ?? false) {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else await video.requestPictureInPicture();
    return;
  }
  if (apple(video)) video.webkitSetPresentationMode(video.webkitPresentationMode === SMALL ? 'inline' : SMALL);
}

/** watchSmall tells whether the video is in the small window, until the returned function is called. */
export function watchSmall(video: HTMLVideoElement, tell: (on: boolean) => void): () => void {
  const enter = (): void => tell(true);
  const leave = (): void => tell(false);
  const change = (): void => tell(apple(video) && video.webkitPresentationMode === SMALL);
  video.addEventListener('enterpictureinpicture', enter);
  video.addEventListener('leavepictureinpicture', leave);
  video.addEventListener('webkitpresentationmodechanged', change);
  return () => {
    video.removeEventListener('enterpictureinpicture', enter);
    video.removeEventListener('leavepictureinpicture', leave);
    video.removeEventListener('webkitpresentationmodechanged', change);
  };
}
