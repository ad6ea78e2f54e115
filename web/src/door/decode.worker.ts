import { decodeQR } from 'qr/decode.js';

/** A picture of the camera, RGBA. */
export interface Picture {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

addEventListener('message', (event: MessageEvent<Picture>) => {
  let read = '';
  try {
    read = decodeQR(event.data);
  } catch {
    // No QR code in this picture.
  }
  postMessage(read);
});
