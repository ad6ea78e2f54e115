// Camera and microphone, or the reason why there are none.

import type { VideoAsk } from './layers';

/** CaptureProblem is why there is no camera or microphone. */
export type CaptureProblem =
  | 'insecure' // plain http on another machine: browsers give no camera there
  | 'denied' // the person or a policy said no
  | 'missing' // no such device
  | 'busy' // another program has it
  | 'failed'; // anything else

/** Devices are what there is to choose from. Labels are empty before the first permission. */
export interface Devices {
  cameras: MediaDeviceInfo[];
  mics: MediaDeviceInfo[];
}

/** Choice is which devices the operator picked; '' is the browser's own choice. */
export interface Choice {
  camera: string;
  mic: string;
}

/** Captured is a running camera and microphone; each may be missing with its reason. */
export interface Captured {
  camera: MediaStreamTrack | undefined;
  mic: MediaStreamTrack | undefined;
  cameraProblem: CaptureProblem | undefined;
  micProblem: CaptureProblem | undefined;
}

/** canCapture tells whether this page may ask for a camera at all. */
export function canCapture(): boolean {
  return window.isSecureContext && navigator.mediaDevices !== undefined;
}

/** capture opens camera and microphone, each by itself: one may work without the other. */
export async function capture(choice: Choice, ask: VideoAsk): Promise<Captured> {
  if (!canCapture()) {
    return {
      camera: undefined,
      mic: undefined,
      cameraProblem: 'insecure',
      micProblem: 'insecure',
    };
  }
  const video: MediaTrackConstraints = {
    width: { ideal: ask.width },
    height: { ideal: ask.height },
    frameRate: { ideal: ask.rate, max: ask.rate },
    ...(choice.camera === '' ? {} : { deviceId: { exact: choice.camera } }),
  };
  const audio: MediaTrackConstraints = {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    ...(choice.mic === '' ? {} : { deviceId: { exact: choice.mic } }),
  };
  // One question for both; only if that fails, one for each, to learn which is missing.
  try {
    const both = await navigator.mediaDevices.getUserMedia({ video, audio });
    return result(both.getVideoTracks()[0], both.getAudioTracks()[0], undefined, undefined);
  } catch {
    const [camera, mic] = [await one({ video }), await one({ audio })];
    return result(camera.track, mic.track, camera.problem, mic.problem);
  }
}

async function one(
  constraints: MediaStreamConstraints,
): Promise<{ track?: MediaStreamTrack; problem?: CaptureProblem }> {
  try {
    const track = (await navigator.mediaDevices.getUserMedia(constraints)).getTracks()[0];
    return track === undefined ? { problem: 'missing' } : { track };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

/** problemOf names what getUserMedia threw. */
export function problemOf(error: unknown): CaptureProblem {
  switch (error instanceof Error ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}

function result(
  camera: MediaStreamTrack | undefined,
  mic: MediaStreamTrack | undefined,
  cameraProblem: CaptureProblem | undefined,
  micProblem: CaptureProblem | undefined,
): Captured {
  // A hall is people moving; a desk feed is speech.
  if (camera !== undefined) camera.contentHint = 'motion';
  if (mic !== undefined) mic.contentHint = 'speech';
  return { camera, mic, cameraProblem, micProblem };
}

/** listDevices lists cameras and microphones. */
export async function listDevices(): Promise<Devices> {
  if (!canCapture()) return { cameras: [], mics: [] };
  const all = await navigator.mediaDevices.enumerateDevices();
  return {
    cameras: all.filter((d) => d.kind === 'videoinput'),
    mics: all.filter((d) => d.kind === 'audioinput'),
  };
}

/** actualAsk is the size a camera really gives: layers are made of that, not of the wish. */
export function actualAsk(track: MediaStreamTrack, ask: VideoAsk): VideoAsk {
  const s = track.getSettings();
  return { width: s.width ?? ask.width, height: s.height ?? ask.height, rate: ask.rate };
}
