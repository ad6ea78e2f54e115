// What is to be said about the devices a venue sends from.

import type { LineSign } from '../wire/wire.gen';

/** Sent is one device: what the operator chose ('' the system's own) and what is open. */
export interface Sent {
  /** '' when the test picture or tone stands in. */
  label: string;
  deviceId: string;
  chosen: string;
  test: boolean;
  /** The system gives nothing of it (MediaStreamTrack.muted). */
  muted: boolean;
}

// Programs that pretend to be a device, by what they call themselves.
const VIRTUAL =
  /\b(?:virtual|obs|ndi|manycam|xsplit|snap camera|droidcam|iriun|epoccam|camo|mmhmm|vmix|vcam|splitcam|chromacam|voicemeeter|vb-audio|vb-cable|cable output|blackhole|soundflower|loopback|stereo mix|what u hear|monitor of)\b/i;

/** isVirtual tells a program from a device by its name. */
export function isVirtual(label: string): boolean {
  return VIRTUAL.test(label);
}

/** deviceSigns lists what the stage and the operator should know of camera and microphone. */
export function deviceSigns(camera: Sent, mic: Sent): LineSign[] {
  const signs: LineSign[] = [];
  if (camera.test) signs.push('testPicture');
  else {
    if (camera.muted) signs.push('cameraMuted');
    if (isVirtual(camera.label)) signs.push('virtualCamera');
  }
  if (mic.test) signs.push('testSound');
  else {
    if (mic.muted) signs.push('micMuted');
    if (isVirtual(mic.label)) signs.push('virtualMic');
  }
  if (other(camera) || other(mic)) signs.push('deviceChanged');
  return signs;
}

/** other: the operator chose a device, and another one is open. */
function other(device: Sent): boolean {
  return !device.test && device.chosen !== '' && device.deviceId !== '' && device.deviceId !== device.chosen;
}

/**
 * defaultChanged: the system's own device is not the one that was opened as such, because
 * somebody plugged another one in. `now` and `opened` are group ids; '' is not known.
 */
export function defaultChanged(device: Sent, opened: string, now: string): boolean {
  return !device.test && device.chosen === '' && opened !== '' && now !== '' && opened !== now;
}
